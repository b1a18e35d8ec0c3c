/**
 * The few pictures of the page, drawn in the colour of the text. They never stand alone: a label is with them.
 */

import { html } from "lit-html";

export const mark = html`<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
  <rect class="fill" x="2" y="3" width="16" height="14" rx="3"></rect>
  <path class="lines" d="M2.5 7.5h15M7.5 7.5v9M12.5 7.5v9M7.5 12h10"></path>
</svg>`;

export const first = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M4 3.5v9M12 3.5 7.5 8l4.5 4.5"></path>
</svg>`;

export const previous = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M10 3.5 5.5 8l4.5 4.5"></path>
</svg>`;

export const next = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M6 3.5 10.5 8 6 12.5"></path>
</svg>`;

export const last = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M12 3.5v9M4 3.5 8.5 8 4 12.5"></path>
</svg>`;

export const share = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M6.5 9.5 9.5 6.5M7 4.8l1.2-1.2a3 3 0 0 1 4.2 4.2L11.2 9M9 11.2l-1.2 1.2a3 3 0 0 1-4.2-4.2L4.8 7"></path>
</svg>`;

export const download = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10"></path>
</svg>`;

export const replace = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M8 10.5v-8M4.5 6 8 2.5 11.5 6M3 13.5h10"></path>
</svg>`;

export const close = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="m4 4 8 8M12 4l-8 8"></path>
</svg>`;

export const chevron = html`<svg class="icon small" viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
  <path d="m4 6 4 4 4-4"></path>
</svg>`;

/** A tick while I follow, a ring while I do not. */
export const follow = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path class="tick" d="m3 8.5 3.2 3.2L13 4.8"></path>
  <circle class="apart" cx="8" cy="8" r="4.5"></circle>
</svg>`;

export const more = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M3.5 8h.01M8 8h.01M12.5 8h.01"></path>
</svg>`;

export const eye = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8z"></path>
  <circle cx="8" cy="8" r="1.8"></circle>
</svg>`;

export const present = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <rect x="2" y="3" width="12" height="8" rx="1.5"></rect>
  <path d="M8 11v2.5M5.5 13.5h5"></path>
</svg>`;

export const back = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M3 3.5v3.5h3.5M3.3 7A5.2 5.2 0 1 1 2.8 9.5"></path>
</svg>`;

export const bin = html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
  <path d="M3 4.5h10M6.5 4.5v-1h3v1M4.5 4.5l.6 8.5h5.8l.6-8.5"></path>
</svg>`;
