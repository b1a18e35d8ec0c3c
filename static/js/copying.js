/**
 * Copying text, also on plain http, and saying so on the button that was pressed.
 */

const TOLD_MS = 2000;

/**
 * Copy text; say whether it worked.
 * @param {string} text
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedAtOnce(text);
  }
}

/**
 * Say on the button whether copying worked, for a moment.
 * @param {HTMLButtonElement} button
 * @param {Promise<boolean>} copying
 */
export async function told(button, copying) {
  const done = await copying;
  button.dataset["told"] = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => delete button.dataset["told"], TOLD_MS);
}

/** Copy the old way, which works on plain http while the browser remembers a key or a click. @param {string} text */
export function copiedAtOnce(text) {
  /** @param {ClipboardEvent} event */
  const give = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData?.setData("text/plain", text);
  };
  addEventListener("copy", give, { capture: true, once: true });
  const done = document.execCommand("copy");
  removeEventListener("copy", give, { capture: true });
  return done;
}
