/**
 * Draws what stands in the place of the table: that it comes, that there is no such room. Each says what is, and has one action. Those of
 * errors are in alerts.js.
 *
 * @import { Actions } from "./actions.js"
 * @import { UnknownRoom } from "./wire.js"
 * @import { State } from "./state.js"
 */

import { html } from "lit-html";

import { at } from "./protocol.js";
import { mayHaveTable } from "./room.js";
import { startCard } from "./start.js";

/** @type {Record<string, string>} */
const GONE = {
  expired: "This table has expired",
  displaced: "This table had to make place",
  deleted: "This table was deleted",
  renewed: "This link was replaced",
  removed: "You were sent away",
  unreadable: "This table cannot be read any more",
};

/**
 * Draw what stands in the place of the table while there is none.
 * @param {State} state
 * @param {Actions} actions
 */
export function insteadOfTable({ room, mine }, actions) {
  if (room.unknown) return unknownRoom(room.unknown);
  if (room.link === "refused") return refused();
  if (room.transfer || mine.sending) {
    return waiting(`The first rows will be here ${room.link === "live" ? "in a moment" : "once the connection is back"}.`);
  }
  // A link may lead to a table: until it can be shown, do not say that there is none.
  if (mayHaveTable(room)) {
    return waiting(room.link === "offline" ? "The server cannot be reached. We keep trying." : "Opening the table…");
  }
  return startCard(actions);
}

/** @param {UnknownRoom} unknown */
function unknownRoom({ reason, message }) {
  return html`<section class="card" role="alert">
    <h1>${GONE[reason] ?? "There is no table here"}</h1>
    <p>${message}</p>
    <p><a class="button main" href=${at("")}>Start a new table</a></p>
  </section>`;
}

function refused() {
  return html`<section class="card" role="alert">
    <h1>This page may not connect here</h1>
    <p>Ask the operator of this server: its log says what to change.</p>
  </section>`;
}

/** @param {string} words */
function waiting(words) {
  return html`<h1 class="waiting">${words}</h1>`;
}
