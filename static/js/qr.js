/**
 * Draws a link as a QR code, dark on light in both colour schemes, as cameras want it.
 */

import { svg, html } from "lit-html";
import { generate } from "lean-qr";

/** Modules of white that the standard (ISO/IEC 18004) asks for on each side. */
const QUIET = 4;

/**
 * @param {string} link
 * @param {string} label what it is, in words
 */
export function qrCode(link, label) {
  const code = generate(link);
  const size = code.size + 2 * QUIET;
  return html`<svg class="qr" role="img" aria-label=${label} viewBox=${`${-QUIET} ${-QUIET} ${size} ${size}`}>
    ${svg`<path d=${pathOf(code)}></path>`}
  </svg>`;
}

/** @param {{size: number, get: (x: number, y: number) => boolean}} code @returns {string} its dark runs, row by row */
export function pathOf(code) {
  let path = "";
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      let run = 0;
      while (code.get(x + run, y)) run += 1;
      if (run > 0) path += `M${x} ${y}h${run}v1h-${run}z`;
      x += run;
    }
  }
  return path;
}
