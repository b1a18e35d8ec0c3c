/** Keeps a dialog that the first press of a double click has opened from being closed by the second, beside it. */

/** @param {HTMLElement} place of the dialogs */
export function outlastDoubleClicks(place) {
  let presses = 0;
  addEventListener("mousedown", ({ detail }) => (presses = detail), { capture: true });
  addEventListener("keydown", () => (presses = 0), { capture: true });
  place.addEventListener("cancel", (event) => presses > 1 && event.preventDefault(), { capture: true });
}
