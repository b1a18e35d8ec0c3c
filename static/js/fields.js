/** Fields whose text is selected as soon as they have the focus: what is typed next replaces it. */

/** Select the text of the field that got the focus. @param {Event} event */
export function selectAll({ target }) {
  const field = /** @type {HTMLInputElement} */ (target);
  field.select();
  // WebKit puts the caret where the mouse button is released, after this.
  if (field.matches(":active")) field.addEventListener("mouseup", (event) => event.preventDefault(), { once: true });
}
