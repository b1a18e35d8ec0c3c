/** What this browser remembers of me. Storage may be forbidden: then nothing is remembered, and nothing fails. */

/**
 * @param {string} name
 * @returns {string | null}
 */
export function remembered(name) {
  try {
    return localStorage.getItem(`tsvapp.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string | null} value null forgets it */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(`tsvapp.${name}`);
    else localStorage.setItem(`tsvapp.${name}`, value);
  } catch {
    // Then it is good for this visit only.
  }
}
