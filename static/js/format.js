/**
 * PURE: numbers, bytes, durations and column letters as people read them. Knows no DOM; numbers are in English
 * form as the rest of the page is.
 */

const COUNT = new Intl.NumberFormat("en");
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long" });
const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/**
 * Write a whole number with separators: 12,345,678.
 * @param {number} count
 */
export function number(count) {
  return COUNT.format(count);
}

/**
 * Write a count with its noun: `1 row`, `3 rows`.
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/**
 * Write an amount of bytes in decimal units, rounded down so that a limit is never promised too high.
 * @param {number} amount
 */
export function bytes(amount) {
  const step = unitOf(amount);
  return `${inUnit(amount, step)} ${step === 0 && amount === 1 ? "byte" : UNITS[step]}`;
}

/**
 * Write how much of a total is done, in the unit of the total: `412 of 1,930 MB`.
 * @param {number} done
 * @param {number} total
 */
export function bytesOf(done, total) {
  // Below 10 of a unit the one under it moves more visibly: 1,930 MB says more than 1.9 GB.
  const step = Math.max(0, unitOf(total) - (total / 1000 ** unitOf(total) < 10 ? 1 : 0));
  return `${whole(done, step)} of ${whole(total, step)} ${UNITS[step]}`;
}

/** @param {number} amount */
function unitOf(amount) {
  let step = 0;
  while (step < UNITS.length - 1 && amount >= 1000 ** (step + 1)) step += 1;
  return step;
}

/** @param {number} amount @param {number} step */
function inUnit(amount, step) {
  const scaled = amount / 1000 ** step;
  if (step === 0 || scaled >= 100) return COUNT.format(Math.floor(scaled));
  return COUNT.format(Math.floor(scaled * 10) / 10);
}

/** @param {number} amount @param {number} step */
function whole(amount, step) {
  return COUNT.format(Math.floor(amount / 1000 ** step));
}

/**
 * Write a rate of bytes per second: `38 MB/s`.
 * @param {number} perSecond
 */
export function rate(perSecond) {
  return `${bytes(perSecond)}/s`;
}

/**
 * Write a duration in the largest unit that says enough: `40 s`, `3 min`, `1 h 20 min`.
 * @param {number} seconds
 */
export function duration(seconds) {
  const rounded = Math.max(1, Math.ceil(seconds));
  if (rounded < 60) return `${rounded} s`;
  const minutes = Math.round(rounded / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest ? ` ${rest} min` : ""}`;
}

/**
 * Write the day that is so many days away: `30 November 2026`.
 * @param {number} days
 * @param {Date} [from]
 */
export function dayAfter(days, from = new Date()) {
  const day = new Date(from);
  day.setDate(day.getDate() + Math.floor(days));
  return DAY.format(day);
}

/**
 * Return a column's name without a header: A, B, … Z, AA, AB, …
 * @param {number} column from 0
 */
export function letters(column) {
  let name = "";
  for (let left = column + 1; left > 0; left = Math.floor((left - 1) / 26)) {
    name = String.fromCharCode(65 + ((left - 1) % 26)) + name;
  }
  return name;
}
