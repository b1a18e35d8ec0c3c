/**
 * Draws who is here: the faces in the bar, and behind them the list of people with where each one is, my own name
 * and colour, and the wheel.
 *
 * @import { State } from "./state.js"
 * @import { Here, Person } from "./wire.js"
 * @import { Together } from "./together.js"
 */

import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { number } from "./format.js";
import * as icons from "./icons.js";
import { below } from "./popovers.js";
import { initials, inOrder, isPresenting, namesakes } from "./who.js";

/** Faces in the bar; the others are a number. */
const FACES = 4;

/** Colours to choose from: far enough from each other, and white letters can be read on all. */
const HUES = [25, 65, 105, 145, 180, 215, 250, 285, 320, 350];

/** A person's colour, for style sheets. @param {{hue: number}} person */
export function coloured({ hue }) {
  return `--hue: ${hue}`;
}

/** @param {Person} person */
export function face(person) {
  return html`<span class="face" aria-hidden="true" .style=${coloured(person)}>${initials(person.name)}</span>`;
}

/**
 * Draw the faces in the bar; pressing them opens the list.
 * @param {State} state
 */
export function company(state) {
  const { members } = state.room;
  const shown = inOrder(state).slice(0, FACES);
  const more = members - shown.length;
  return html`<button type="button" class="here" popovertarget="people" title="Who is here">
    <span class="faces">${repeat(shown, ({ member }) => member, face)}${
      more > 0 && shown.length > 0 ? html`<span class="face rest" aria-hidden="true">+${number(more)}</span>` : nothing
    }</span>
    <span class="count">${number(members)} here</span>
  </button>`;
}

/**
 * Draw the list; it stays in the page, closed, as long as there is a room.
 * @param {State} state
 * @param {Together} together
 */
export function peoplePopover(state, together) {
  const { room, people } = state;
  const list = inOrder(state);
  const alike = namesakes(list);
  const more = room.members - list.length;
  return html`<div id="people" popover class="popover people" role="dialog" aria-labelledby="people-title"
    @toggle=${below(".here")}>
    <h2 id="people-title">${number(room.members)} here</h2>
    ${people.you ? me(people.you, together) : nothing}
    <ul class="roster">
      ${repeat(
        list,
        ({ member }) => member,
        (one) => line(one, alike.has(one.member), state, together),
      )}
    </ul>
    ${more > 0 ? html`<p class="hint">and ${number(more)} more</p>` : nothing}
    ${wheel(state, together)}
  </div>`;
}

/** @param {Person} you @param {Together} together */
function me(you, together) {
  const hues = HUES.includes(you.hue) ? HUES : [you.hue, ...HUES.slice(1)];
  return html`<form class="me" @submit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    /** @type {HTMLElement} */ (document.activeElement)?.blur();
  }}>
    <label>My name
      <input name="name" dir="auto" maxlength="40" autocomplete="nickname" spellcheck="false" .value=${you.name}
        @change=${renamed} /></label>
    <fieldset>
      <legend class="unseen">My colour</legend>
      ${hues.map(
        (hue) => html`<label class="hue" .style=${coloured({ hue })} title=${`Colour ${hue}`}
          ><input type="radio" name="hue" aria-label=${`Colour ${hue}`} value=${hue} .checked=${hue === you.hue}
            @change=${() => together.colour(hue)} /></label>`,
      )}
    </fieldset>
  </form>`;

  /** @param {Event} event */
  function renamed({ target }) {
    together.rename(/** @type {HTMLInputElement} */ (target).value);
  }
}

/** @param {Here} one @param {boolean} alike @param {State} state @param {Together} together */
function line(one, alike, state, together) {
  const { room, people } = state;
  const own = one.member === people.you?.member;
  const mayHand = isPresenting(state) && !own && one.may_drive;
  return html`<li>
    ${face(one)}
    <span class="who"><bdi class="called">${one.name}</bdi>${
      alike ? html` <span class="hint" title="Somebody else here has a name like this">#${one.member.slice(0, 4)}</span>` : nothing
    }${own ? html` <span class="hint">you</span>` : nothing}</span>
    ${
      people.owns && !own
        ? html`<button type="button" aria-label=${`Send away ${one.name}`} @click=${() => together.remove(one.member)}
            >Send away</button>`
        : nothing
    }${
      mayHand
        ? html`<button type="button" @click=${() => together.hand(one.member)}>Hand over</button>`
        : html`<span class="hint where">${whereabouts(one, room.snapshot?.presenter?.member)}</span>`
    }
  </li>`;
}

/**
 * Say where one is.
 * @param {Here} one
 * @param {string | undefined} presenter
 */
export function whereabouts({ member, page, may_drive: drives }, presenter) {
  const where = page === null ? (member === presenter ? "presenting" : "following") : `on page ${number(page)}`;
  if (drives) return where;
  return page === null ? "looking only" : `looking only, ${where}`;
}

/** @param {State} state @param {Together} together */
function wheel(state, together) {
  const { room, people } = state;
  if (!room.welcome?.may_drive) return nothing;
  const presenter = room.snapshot?.presenter ?? null;
  return html`<p class="wheel">
    ${
      presenter === null
        ? html`<button type="button" @click=${together.present}>${icons.present}Present</button>
          <span class="hint">Then only you move the table.</span>`
        : presenter.member === people.you?.member
          ? html`<button type="button" @click=${() => together.hand(null)}>Stop presenting</button>
            <span class="hint">Only you move the table.</span>`
          : html`<span class="hint"><bdi>${presenter.name}</bdi> is presenting.</span>`
    }
  </p>`;
}
