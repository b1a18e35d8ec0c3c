/**
 * Printing: paper does not scroll, so as many columns as a sheet can hold are drawn for it, from the first one in
 * sight on.
 *
 * @import { Sight } from "./mine.js"
 */

import { BEYOND_PX } from "./table.js";

/** Browsers shrink what is too wide for the paper, but to no less than half: twice a large sheet, lying. */
const PAPER_PX = 3000;

/**
 * @param {object} parts
 * @param {() => Sight} parts.sight what is in sight on the screen
 * @param {(sight: Sight) => void} parts.see take something else to be in sight, and draw it now
 */
export function acceptPrinting({ sight, see }) {
  /** @type {Sight | null} */
  let onScreen = null;
  addEventListener("beforeprint", () => {
    onScreen = sight();
    // Not what is drawn beyond the edge of the screen.
    see({ left: onScreen.left && onScreen.left + BEYOND_PX, width: Math.max(onScreen.width, PAPER_PX) });
  });
  addEventListener("afterprint", () => {
    if (onScreen) see(onScreen);
    onScreen = null;
  });
}
