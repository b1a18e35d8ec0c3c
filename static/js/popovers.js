/** Puts a popover under the button that opens it; on a narrow screen the style sheets make it a sheet at the bottom. */

const EDGE_PX = 8;

/**
 * Return a listener for `toggle`.
 * @param {string} selector of the button
 */
export function below(selector) {
  return (/** @type {Event} */ event) => {
    const popover = /** @type {HTMLElement} */ (event.target);
    const place = document.querySelector(selector)?.getBoundingClientRect();
    if (!place || /** @type {ToggleEvent} */ (event).newState !== "open") return;
    const left = Math.max(EDGE_PX, Math.min(place.left, innerWidth - popover.offsetWidth - EDGE_PX));
    popover.style.setProperty("--left", `${left}px`);
    popover.style.setProperty("--top", `${place.bottom + 6}px`);
  };
}

/** Close the popover that an event came from. @param {Event} event */
export function leave({ target }) {
  /** @type {HTMLElement | null} */ (target instanceof Element ? target.closest("[popover]") : null)?.hidePopover();
}
