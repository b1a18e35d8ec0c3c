/**
 * Draws the popover behind the badge: how the table is read and why, what is odd and where, and the switches that
 * read the table otherwise for everyone.
 *
 * @import { Actions } from "./actions.js"
 * @import { Choice, Oddity, Table, Welcome } from "./wire.js"
 */

import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";

import { DELIMITERS, encodingName, ODDITIES } from "./badge.js";
import { counted, number } from "./format.js";
import { below } from "./popovers.js";

const BOOLEANS = [true, false];

/**
 * Draw the popover; it stays in the page, closed, as long as there is a table.
 * @param {Table} table
 * @param {Welcome | null} welcome
 * @param {Actions} actions
 * @param {string | null} hindered why I may not read it otherwise for the others
 */
export function dialectPopover(table, welcome, actions, hindered) {
  const { dialect, reasons } = table;
  const delimiters = welcome?.delimiters ?? Object.keys(DELIMITERS);
  const encodings = welcome?.encodings ?? [dialect.encoding];
  return html`<div id="dialect" popover class="popover" role="dialog" aria-labelledby="dialect-title" @toggle=${below(".badge")}>
    <h2 id="dialect-title">How this table is read</h2>
    <p class="hint">${hindered === null ? "A change here is for everyone. The file itself stays as it is." : `${hindered}.`}</p>
    <dl>
      ${choice("delimiter", "Delimiter", delimiters, (value) => DELIMITERS[value]?.name ?? value)}
      ${choice("quoting", "Quotes", BOOLEANS, (value) => (value ? "Enclose cells" : "Are plain text"))}
      ${choice("header", "First row", BOOLEANS, (value) => (value ? "Names the columns" : "Is data"))}
      ${choice("encoding", "Encoding", encodings, encodingName)}
    </dl>
    ${table.provisional ? html`<p class="hint">The file is still arriving; this may be decided anew.</p>` : nothing}
    ${oddities(table, actions)}
  </div>`;

  /**
   * @template {string | boolean} Value
   * @param {Choice} key
   * @param {string} label
   * @param {readonly Value[]} values
   * @param {(value: Value) => string} name
   */
  function choice(key, label, values, name) {
    const chosen = table.chosen.includes(key);
    const now = /** @type {Value} */ (dialect[key]);
    const at = chosen ? String(values.indexOf(now)) : "";
    return html`<div>
      <dt><label for=${`read-${key}`}>${label}</label></dt>
      <dd>
        <select id=${`read-${key}`} ?disabled=${hindered !== null} .value=${live(at)} @change=${(/** @type {Event} */ event) => {
          const { value } = /** @type {HTMLSelectElement} */ (event.target);
          actions.read(key, value === "" ? null : /** @type {Value} */ (values[Number(value)]));
        }}>
          ${option("", chosen ? "Automatic" : `${name(now)} (automatic)`)}
          ${values.map((value, index) => option(String(index), name(value)))}
        </select>
        <span class="hint">${chosen ? "Chosen by someone here." : (reasons[key] ?? "")}</span>
      </dd>
    </div>`;

    /** @param {string} value @param {string} words */
    function option(value, words) {
      return html`<option value=${value} ?selected=${at === value}>${words}</option>`;
    }
  }
}

/**
 * Draw what is odd, with the numbers of the first rows as ways to get there.
 * @param {Table} table
 * @param {Actions} actions
 */
function oddities({ report }, actions) {
  const odd = Object.entries(report).filter(([, { count }]) => count > 0);
  if (odd.length === 0) return nothing;
  return html`<h3>Odd rows</h3>
    <ul class="oddities">
      ${odd.map(([kind, oddity]) => item(kind, oddity))}
    </ul>`;

  /** @param {string} kind @param {Oddity} oddity */
  function item(kind, { count, rows }) {
    const more = count - rows.length;
    return html`<li>
      <b>${counted(count, ODDITIES[kind]?.one ?? kind, ODDITIES[kind]?.many)}</b>
      <span class="hint">${ODDITIES[kind]?.why ?? ""}</span>
      <span class="rows">${rows.map(wayTo)} ${more > 0 ? html`<span class="hint">and ${number(more)} more</span>` : nothing}</span>
    </li>`;
  }

  /** @param {number} row */
  function wayTo(row) {
    const go = () => leave(() => actions.goToRow(row));
    return html`<button type="button" class="row" aria-label=${`Go to row ${number(row)}`} @click=${go}>${number(row)}</button>`;
  }
}

/** @param {() => void} then */
function leave(then) {
  document.getElementById("dialect")?.hidePopover();
  then();
}
