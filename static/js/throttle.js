/** PURE but for the clock: lets through at most one value in a span of time, and always the last. */

/**
 * @template Value
 * @param {number} ms
 * @param {(value: Value) => void} act
 * @returns {(value: Value) => void}
 */
export function throttled(ms, act) {
  let resting = false;
  /** @type {{value: Value} | null} */
  let waiting = null;

  /** @param {Value} value */
  function through(value) {
    resting = true;
    setTimeout(rested, ms);
    act(value);
  }

  function rested() {
    resting = false;
    const next = waiting;
    waiting = null;
    if (next) through(next.value);
  }

  return (value) => {
    if (resting) waiting = { value };
    else through(value);
  };
}
