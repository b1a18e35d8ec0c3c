/**
 * Draws the share dialog. Copying may be forbidden, so the link always stands selected in a field.
 *
 * @import { Actions } from "./actions.js"
 * @import { State } from "./state.js"
 * @import { Together } from "./together.js"
 * @import { Table } from "./wire.js"
 */

import { html, nothing } from "lit-html";

import { copyText, told } from "./copying.js";
import { selectAll } from "./fields.js";
import { bytes, dayAfter } from "./format.js";
import * as icons from "./icons.js";
import { hindrance } from "./people.js";
import { at, isOnlyHere } from "./protocol.js";
import { qrCode } from "./qr.js";

/**
 * @param {State} state
 * @param {Actions} actions
 * @param {Together} together
 */
export function shareDialog(state, actions, together) {
  const { room, people } = state;
  const table = room.snapshot?.table ?? null;
  const drives = room.welcome?.may_drive !== false;
  // Whoever made the link may always end it.
  const hindered = people.owns ? null : hindrance(state);
  const days = room.snapshot?.expires_days ?? room.welcome?.room_days;
  return html`<dialog class="dialog share" aria-labelledby="share-title" closedby="any" @close=${actions.dialogClosed}>
    <form method="dialog" class="dismiss"><button class="icon-only" aria-label="Close">${icons.close}</button></form>
    <h2 id="share-title">Share this table</h2>
    ${
      isOnlyHere()
        ? html`<p class="warning">Only this computer can open these links: the server runs at ${new URL(at("")).host}. To
            share them, start it with <code>make run HOST=0.0.0.0</code> and open the address that it prints.</p>`
        : nothing
    }
    ${
      drives
        ? html`<p>Everyone who opens this link sees the same page and can turn it, live.</p>
            ${link("Link", room.id, true)}
            <p>To look only: who opens this one sees it too, live, and moves nobody.</p>
            ${link("Look-only link", people.watchId, false)}`
        : html`<p>Who opens this link sees the same page, live, and moves nobody. You have it too.</p>
            ${link("Look-only link", room.id, true)}`
    }
    <div class="scan">
      ${qrCode(linkTo(room.id), "The same link as a QR code")}
      <div>
        <p class="hint">Point a phone at it to open the ${drives ? "link" : "look-only link"}.</p>
        ${days === undefined ? nothing : html`<p class="hint">Kept until ${dayAfter(days)} if nobody uses it.</p>`}
        ${table && !table.growing ? download(table, room.id) : nothing}
      </div>
    </div>
    ${whoCanSee()}
    ${
      drives
        ? html`<p class="foot rare">
            <button type="button" ?disabled=${hindered !== null} title=${hindered?.words ?? "The present one ends"}
              @click=${together.renew}>New look-only link</button>
            ${
              people.owns
                ? html`<button type="button" title="The present links end, and everyone else here is sent away"
                    @click=${together.renewBoth}>Replace both links</button>`
                : nothing
            }
            <button type="button" class="danger" ?disabled=${hindered !== null || table === null}
              title=${hindered?.words ?? nothing}
              @click=${() => together.open({ kind: "delete" })}>Delete this table…</button>
          </p>`
        : nothing
    }
  </dialog>`;
}

/** Say whom the table is shown to and what is kept, for those who ask. */
function whoCanSee() {
  return html`<details class="trust">
    <summary>Who can see this?</summary>
    <p><b>See it:</b> anyone with one of the links, and whoever runs this server. Names are what people enter.</p>
    <p><b>Change or delete it:</b> anyone with the full link, while nobody else presents. The person who made the link
      can always delete the table, replace both links and send people away.</p>
    <p><b>Stored on the server:</b> the file as uploaded, not encrypted, and up to four former tables. They are deleted
      when nobody has used the link for the time above; every visit prolongs it.</p>
    <p><b>Stored in your browser:</b> your name, your colour and a random key. There are no cookies.</p>
  </details>`;
}

/** @param {string} label @param {string | null} id @param {boolean} first it is what people came for */
function link(label, id, first) {
  return html`<div class="line">
    <input class="link" readonly ?autofocus=${first} aria-label=${label} .value=${linkTo(id)}
      @focus=${selectAll} />
    <button type="button" class=${first ? "main" : ""} aria-label=${`Copy the ${label.toLowerCase()}`}
      @click=${copyField}>Copy</button>
  </div>`;
}

/** @param {Table} table @param {string | null} roomId */
function download(table, roomId) {
  return html`<p class="foot">
    <a class="button" href=${at(`${roomId}.tsv`)} download>${icons.download}Download</a>
    <span class="hint">${bytes(table.size)}, exactly as uploaded</span>
  </p>`;
}

/** @param {string | null} roomId */
function linkTo(roomId) {
  return at(roomId ?? "");
}

/** @param {Event} event */
async function copyField({ target }) {
  const button = /** @type {HTMLButtonElement} */ (target);
  const field = button.parentElement?.querySelector("input");
  if (!field) return;
  field.select();
  await told(button, copyText(field.value));
}
