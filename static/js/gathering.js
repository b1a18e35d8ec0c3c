/**
 * All that is drawn of the people in the room beside the bar, and what passes by itself: news and pointed cells go
 * after a while, and the others are told where I look.
 *
 * @import { Actions } from "./actions.js"
 * @import { Myself } from "./identity.js"
 * @import { Sheet } from "./sheet.js"
 * @import { PageEvent, State } from "./state.js"
 * @import { Layout } from "./table.js"
 * @import { Command } from "./wire.js"
 * @import { Places } from "./view.js"
 */

import { html, nothing, render } from "lit-html";

import { Announcer, words } from "./announce.js";
import { peoplePopover } from "./company.js";
import { newsOf } from "./news.js";
import { Pointing } from "./pointing.js";
import { throttled } from "./throttle.js";
import { togetherOf } from "./together.js";
import { deleteDialog, formerDialog, happenings, moreMenu } from "./wheel.js";

/** People read what was done in this time, and have this long to take it back. */
const NEWS_MS = 5000;
const UNDO_MS = 15_000;

/** A finger that does not move fades; the style sheet knows this too. */
const FINGER_MS = 6000;

/** Where I look is shown in a list, which is told once a second. */
const AT_MS = 500;

export class Gathering {
  #place;
  #announcer;
  #actions;
  #dispatch;
  #pointing;
  #at;
  /** @type {number | null} */
  #toldPage = null;
  #timers = { news: new Passing(), finger: new Passing() };

  /**
   * @param {object} options
   * @param {Places} options.places
   * @param {Actions} options.actions
   * @param {(event: PageEvent) => void} options.dispatch
   * @param {() => State} options.state
   * @param {() => Sheet | null} options.sheet
   * @param {(command: Command) => boolean} options.send
   * @param {Myself} options.myself
   */
  constructor({ places, actions, dispatch, state, sheet, send, myself }) {
    this.#place = places.news;
    this.#announcer = new Announcer(places.announcer);
    this.#actions = actions;
    this.#dispatch = dispatch;
    this.together = togetherOf({ send, dispatch, myself });
    this.#pointing = new Pointing({ scroller: places.scroller, state, sheet, send });
    this.#at = throttled(AT_MS, (/** @type {number | null} */ page) => void send({ type: "at", page }));
    /** Point at the cell that I have gone to. @param {import("./mine.js").Cursor} cursor */
    this.point = (cursor) => this.#pointing.point(cursor);
  }

  /**
   * Find out what has been done, and say it.
   * @param {State} before
   * @param {State} after
   */
  heed(before, after) {
    const was = before.room.snapshot;
    const is = after.room.snapshot;
    const news = was && is && was !== is ? newsOf(was, is, after.people.you?.member ?? null) : null;
    // What happened is said instead of what it comes to.
    if (news) this.#dispatch({ type: "news", news });
    else this.#announcer.say(words(before, after));
  }

  /**
   * @param {State} state
   * @param {Sheet | null} sheet
   * @param {Layout | null} layout
   */
  draw(state, sheet, layout) {
    const { news, finger } = state.people;
    render(happenings(state, this.together), this.#place);
    this.#pointing.draw(state, sheet, layout);
    this.#timers.news.watch(news?.at, news?.undo ? UNDO_MS : NEWS_MS, () => this.#dispatch({ type: "news_over" }));
    this.#timers.finger.watch(finger?.at, FINGER_MS, () => this.#dispatch({ type: "finger_over" }));
    this.#tellPage(state);
  }

  /** Draw what opens above the page. @param {State} state */
  above(state) {
    if (state.room.welcome === null || state.room.unknown !== null) return nothing;
    return html`${peoplePopover(state, this.together)}${moreMenu(state, this.together)}`;
  }

  /** Draw the open dialog, if it is one about people. @param {State} state */
  dialog(state) {
    switch (state.mine.dialog?.kind) {
      case "former":
        return formerDialog(state, this.together, this.#actions);
      case "delete":
        return state.room.unknown === null ? deleteDialog(state, this.together, this.#actions) : nothing;
      default:
        return nothing;
    }
  }

  /** Tell the others where I look; after a reconnect I am someone who follows. @param {State} state */
  #tellPage({ room, mine }) {
    if (room.link !== "live") this.#toldPage = null;
    const page = mine.alone?.page ?? null;
    if (room.link !== "live" || page === this.#toldPage) return;
    this.#toldPage = page;
    this.#at(page);
  }
}

/** Ends something a while after it began, unless it begins anew. */
class Passing {
  /** @type {number | undefined} */
  #since;
  #timer = 0;

  /**
   * @param {number | undefined} since undefined when there is nothing to end
   * @param {number} ms
   * @param {() => void} end
   */
  watch(since, ms, end) {
    if (since === this.#since) return;
    this.#since = since;
    clearTimeout(this.#timer);
    if (since !== undefined) this.#timer = window.setTimeout(end, ms);
  }
}
