/**
 * PURE: the arithmetic of an upload: which bytes may go out next, how fast it goes and how long it takes.
 * Knows no file and no socket; times are in milliseconds.
 *
 * @import { Upload } from "./wire.js"
 *
 * @typedef {Upload & {samples: Sample[]}} Transfer an upload on its way, with what is needed to know its rate
 * @typedef {{at: number, stored: number}} Sample
 */

/** How far back the rate looks: steady to the eye, and soon right after a change. */
const RATE_MS = 5000;

/** Acknowledgements come in hundreds a second; what is drawn of them need not. */
const SAMPLE_MS = 80;

/** Below this the rate would be a guess. */
const LEAST_MS = 700;

/**
 * Return the next chunk that the window allows, or null while nothing may be sent.
 * @param {{size: number, sent: number, stored: number, chunkBytes: number, windowBytes: number}} upload
 * @returns {{start: number, stop: number} | null}
 */
export function nextChunk({ size, sent, stored, chunkBytes, windowBytes }) {
  const stop = Math.min(size, sent + chunkBytes);
  if (stop <= sent || stop - stored > windowBytes) return null;
  return { start: sent, stop };
}

/**
 * Note how far an upload is; another upload, or one that pauses or goes on, starts anew, and an older figure changes nothing.
 * @param {Transfer | null} before
 * @param {Upload | null} upload
 * @param {number} now
 * @returns {Transfer | null}
 */
export function follow(before, upload, now) {
  if (upload === null) return null;
  if (before === null || before.upload !== upload.upload) {
    return { ...upload, samples: [{ at: now, stored: upload.stored }] };
  }
  if (upload.paused !== before.paused) return { ...upload, samples: [{ at: now, stored: upload.stored }] };
  if (upload.stored <= before.stored) return before;
  const latest = before.samples[before.samples.length - 1];
  if (latest && now - latest.at < SAMPLE_MS && upload.stored < upload.size) return before;
  const samples = [...before.samples, { at: now, stored: upload.stored }];
  while (samples.length > 2 && now - (samples[1]?.at ?? now) >= RATE_MS) samples.shift();
  return { ...before, stored: upload.stored, samples };
}

/**
 * Return the bytes per second of the last seconds, or null while too little is known.
 * @param {Transfer} transfer
 */
export function bytesPerSecond({ samples }) {
  const first = samples[0];
  const last = samples[samples.length - 1];
  if (!first || !last || last.at - first.at < LEAST_MS) return null;
  return ((last.stored - first.stored) / (last.at - first.at)) * 1000;
}

/**
 * Return how many seconds are left at this rate, or null while too little is known.
 * @param {Transfer} transfer
 */
export function secondsLeft(transfer) {
  const rate = bytesPerSecond(transfer);
  return rate ? (transfer.size - transfer.stored) / rate : null;
}
