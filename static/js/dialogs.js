/**
 * What dialogs need beside the browser: the link to share stands selected, a press beside a dialog closes it, and the
 * second press of the double click that has opened one does not.
 */

/**
 * Open a dialog.
 * @param {HTMLDialogElement} dialog
 */
export function show(dialog) {
  dialog.showModal();
  // WebKit puts the caret before what was selected when the field got the focus.
  /** @type {HTMLInputElement | null} */ (dialog.querySelector("input[autofocus]"))?.select();
}

/** @param {HTMLElement} place of the dialogs */
export function acceptPresses(place) {
  let presses = 0;
  let beside = false;
  addEventListener(
    "mousedown",
    (event) => {
      presses = event.detail;
      beside = isBeside(event);
    },
    { capture: true },
  );
  addEventListener("keydown", () => (presses = 0), { capture: true });
  place.addEventListener("cancel", (event) => presses > 1 && event.preventDefault(), { capture: true });
  // Safari does not know closedby="any". What is dragged out of a dialog, such as a selection, leaves it open.
  place.addEventListener("click", (event) => {
    const { target } = event;
    if (!(target instanceof HTMLDialogElement) || target.closedBy === "any") return;
    if (presses === 1 && beside && isBeside(event)) target.close();
  });
}

/** Say whether a mouse is beside the dialog whose backdrop it hits. @param {MouseEvent} event */
function isBeside({ target, clientX: x, clientY: y }) {
  if (!(target instanceof HTMLDialogElement)) return false;
  const { left, right, top, bottom } = target.getBoundingClientRect();
  return x < left || x > right || y < top || y > bottom;
}
