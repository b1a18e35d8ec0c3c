/**
 * Draws who has the wheel, what somebody has just done, and the cards that ask something of me: another wants the
 * wheel, a table is to be deleted, a former one brought back.
 *
 * @import { State } from "./state.js"
 * @import { Actions } from "./actions.js"
 * @import { Together } from "./together.js"
 * @import { Person, Table } from "./wire.js"
 */

import { html, nothing } from "lit-html";
import { keyed } from "lit-html/directives/keyed.js";

import { coloured, face } from "./company.js";
import { bytes, counted } from "./format.js";
import * as icons from "./icons.js";
import { hindrance } from "./people.js";
import { below, leave } from "./popovers.js";
import { isPresenting } from "./who.js";

/**
 * Say who presents, under the bar, and offer what I can do about it.
 * @param {State} state
 * @param {Together} together
 */
export function presentingStrip(state, together) {
  const presenter = state.room.snapshot?.presenter ?? null;
  if (presenter === null) return nothing;
  return html`<section class="strip" aria-label="Presenting" .style=${coloured(presenter)}>
    ${face(presenter)}
    ${isPresenting(state) ? mine(together) : theirs(presenter, state, together)}
  </section>`;
}

/** @param {Together} together */
function mine(together) {
  return html`<span class="what">You are presenting: only you move the table.</span>
    <button type="button" @click=${() => together.hand(null)}>Stop presenting</button>`;
}

/** @param {Person} presenter @param {State} state @param {Together} together */
function theirs({ name }, { room, people: { asked, owns } }, together) {
  return html`<span class="what"><bdi>${name}</bdi> is presenting</span>
    ${owns ? html`<button type="button" @click=${together.present}>Take control back</button>` : nothing}
    ${
      room.welcome?.may_drive && !owns
        ? html`<button type="button" ?disabled=${asked} @click=${together.askWheel}
            >${asked ? "Asked for the wheel" : "Ask for the wheel"}</button>`
        : nothing
    }`;
}

/**
 * Draw what has just been done, with a frame in the colour of who did it, and who asks for the wheel.
 * @param {State} state
 * @param {Together} together
 */
export function happenings(state, together) {
  const { news, asking, askingMore } = state.people;
  return html`${asking.map((person) => asks(person, together))}${
    askingMore ? html`<section class="asks"><span class="what">and more people ask</span></section>` : nothing
  }${
    news === null ? nothing : keyed(news.at, html`${news.mine ? nothing : frame(news.by)}${told()}`)
  }`;

  function told() {
    if (news === null) return nothing;
    const { by, mine: own, words, undo } = news;
    const may = undo !== null && hindrance(state) === null;
    return html`<section class="told-news ${may ? "lasting" : ""}" .style=${coloured(by)}>
      ${face(by)}
      <span class="what">${own ? ["You", ...said(words).slice(2)] : said(words)}</span>
      ${
        may
          ? html`<button type="button" @click=${() => together.restore(undo)}>Undo</button>
            <button type="button" class="icon-only" aria-label="Dismiss" @click=${together.dismissNews}
              >${icons.close}</button>`
          : nothing
      }
    </section>`;
  }
}

/** @param {Person} by */
function frame(by) {
  return html`<div class="frame" .style=${coloured(by)}></div>`;
}

/** Names stand for themselves, whichever way they read. @param {string[]} words */
function said(words) {
  return words.map((part, at) => (at % 2 ? html`<bdi>${part}</bdi>` : part));
}

/** @param {Person} person @param {Together} together */
function asks(person, together) {
  return html`<section class="asks" aria-label="The wheel">
    ${face(person)}
    <span class="what"><bdi>${person.name}</bdi> asks for the wheel</span>
    <button type="button" class="main" @click=${() => together.hand(person.member)}>Hand over</button>
    <button type="button" @click=${() => together.notNow(person.member)}>Not now</button>
  </section>`;
}

/**
 * Draw the menu of what is rarely done; it stays in the page, closed.
 * @param {State} state
 * @param {Together} together
 */
export function moreMenu(state, together) {
  const { room } = state;
  if (!room.snapshot?.table) return nothing;
  const hindered = hindrance(state);
  const former = room.snapshot.former ?? [];
  const presenting = isPresenting(state);
  const why = hindered?.words ?? nothing;
  return html`<div id="more" popover class="popover acts" role="dialog" aria-label="More" @toggle=${below(".more")}
    @click=${leave}>
    ${
      presenting
        ? html`<button type="button" @click=${() => together.hand(null)}>${icons.present}Stop presenting</button>`
        : html`<button type="button" title=${why} ?disabled=${hindered !== null} @click=${together.present}
            >${icons.present}Present</button>`
    }
    <button type="button" ?disabled=${former.length === 0} @click=${() => together.open({ kind: "former" })}
      >${icons.back}Former tables…<span class="hint">${former.length > 0 ? former.length : "none"}</span></button>
    ${
      room.welcome?.may_drive
        ? html`<button type="button" class="danger" title=${why} ?disabled=${hindered !== null && !state.people.owns}
            @click=${() => together.open({ kind: "delete" })}>${icons.bin}Delete this table…</button>`
        : nothing
    }
    ${hindered ? html`<p class="hint"><span>${hindered.words}.</span></p>` : nothing}
  </div>`;
}

/**
 * @param {State} state
 * @param {Together} together
 * @param {Actions} actions
 */
export function formerDialog(state, together, actions) {
  const former = state.room.snapshot?.former ?? [];
  const hindered = hindrance(state);
  return html`<dialog class="dialog former" aria-labelledby="former-title" closedby="any" @close=${actions.dialogClosed}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="former-title">Former tables</h2>
    <p class="hint">${
      hindered === null
        ? "One that is brought back is shown to everyone; the present one can be brought back in turn."
        : html`${hindered.words}, so only others can bring one back.`
    }</p>
    <ul class="roster">
      ${former.map(
        (table) => html`<li>
          <span class="who"><bdi class="called" title=${table.name}>${table.name}</bdi>
            <span class="hint">${counted(table.rows, "row")} · ${bytes(table.size)}</span></span>
          <button type="button" ?disabled=${hindered !== null} aria-label=${`Bring back ${table.name}`}
            @click=${() => bringBack(table)}>Bring back</button>
        </li>`,
      )}
    </ul>
    ${former.length === 0 ? html`<p>There are none.</p>` : nothing}
  </dialog>`;

  /** @param {Table} table */
  function bringBack({ document }) {
    together.restore(document);
    actions.closeDialog();
  }
}

/**
 * @param {State} state
 * @param {Together} together
 * @param {Actions} actions
 */
export function deleteDialog({ room }, together, actions) {
  const others = room.members - 1;
  return html`<dialog class="dialog delete" role="alertdialog" aria-labelledby="delete-title"
    aria-describedby="delete-words" closedby="any" @close=${actions.dialogClosed}>
    <h2 id="delete-title">Delete this table?</h2>
    <div id="delete-words">
      <p><b dir="auto" class="called">${room.snapshot?.table?.name ?? "It"}</b> and all former tables of this link are
        deleted for everyone${others > 0 ? `, also for the ${counted(others, "other")} here` : ""}. The links stop working.</p>
      <p><b>This cannot be undone.</b></p>
    </div>
    <form method="dialog" class="foot">
      <button autofocus>Keep it</button>
      <button type="button" class="danger" @click=${together.destroy}>Delete for everyone</button>
    </form>
  </dialog>`;
}
