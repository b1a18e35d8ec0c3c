/**
 * One WebSocket that is kept: it connects again by itself, hands on events strictly in the order they came
 * (binary ones are inflated first), and gives up a line that has gone silent. Knows the framing, not the meaning.
 *
 * @import { Command, ServerEvent } from "./wire.js"
 * @import { Link } from "./room.js"
 */

import { SUBPROTOCOL } from "./protocol.js";

/** Full jitter: a restart of the server must not bring everyone back in the same second. */
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;

/** Above two heartbeats of the server, below a proxy's timeout. */
const WATCHDOG_MS = 60_000;

/** A handshake that takes longer is not going to succeed. */
const HANDSHAKE_MS = 15_000;

/** After so many failures in a row "Reconnecting…" would be a promise; from then on it is "Offline". */
const OFFLINE_AFTER = 4;

/**
 * Return how long to wait before another attempt.
 * @param {number} failures in a row
 * @param {() => number} [random]
 */
export function delay(failures, random = Math.random) {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
}

/**
 * Return how long a server that restarts (1012) asks to wait; null if it does not.
 * @param {Pick<CloseEvent, "code" | "reason">} close
 */
export function askedDelay({ code, reason }) {
  const found = code === 1012 && /retry in ([\d.]+) s$/.exec(reason);
  return found ? Math.min(LONGEST_DELAY_MS, 1000 * Number(found[1])) : null;
}

/**
 * Inflate a binary message of the server to its JSON text.
 * @param {ArrayBuffer} message raw DEFLATE
 */
export async function inflate(message) {
  const stream = new Blob([message]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
}

export class Connection {
  #address;
  #onEvent;
  #onLink;
  /** @type {WebSocket | null} */
  #socket = null;
  #failures = 0;
  #welcomed = false;
  #retry = 0;
  #watchdog = 0;
  /** By a clock that no sleep stops. */
  #heardAt = 0;
  #patience = WATCHDOG_MS;
  /** Events of one socket wait here for those before them. */
  #order = Promise.resolve();

  /**
   * @param {object} options
   * @param {() => string} options.address where to connect, asked at every attempt
   * @param {(event: ServerEvent) => void} options.onEvent
   * @param {(link: Link) => void} options.onLink
   */
  constructor({ address, onEvent, onLink }) {
    this.#address = address;
    this.#onEvent = onEvent;
    this.#onLink = onLink;
    addEventListener("online", () => this.#wake());
    addEventListener("pageshow", (event) => event.persisted && this.restart());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#wake());
  }

  /** Connect now, whatever there was before. */
  restart() {
    this.close();
    const socket = new WebSocket(this.#address(), SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#take(socket, data);
    socket.onclose = (close) => this.#lost(socket, askedDelay(close));
    this.#socket = socket;
    this.#welcomed = false;
    this.#order = Promise.resolve();
    this.#watch(HANDSHAKE_MS);
  }

  /** Close for good, until `restart`. */
  close() {
    clearTimeout(this.#retry);
    clearTimeout(this.#watchdog);
    this.#retry = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /**
   * Send a command; say whether there was a line to send it on.
   * @param {Command} command
   */
  send(command) {
    return this.#write(JSON.stringify(command));
  }

  /** Send a chunk of an upload, likewise. @param {ArrayBuffer} chunk */
  sendChunk(chunk) {
    return this.#write(chunk);
  }

  /** @param {string | ArrayBuffer} message */
  #write(message) {
    if (!this.#welcomed || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(message);
    return true;
  }

  /** @param {WebSocket} socket @param {string | ArrayBuffer} data */
  #take(socket, data) {
    if (socket !== this.#socket) return;
    this.#watch(this.#patience);
    // Inflating starts at once; handing on waits for its turn.
    const text = typeof data === "string" ? data : inflate(data);
    this.#order = this.#order
      .then(async () => this.#hand(socket, await text))
      .catch((error) => {
        console.error(error);
        if (socket === this.#socket) this.#lost(socket);
      });
  }

  /** @param {WebSocket} socket @param {string} text */
  #hand(socket, text) {
    if (socket !== this.#socket) return;
    const event = /** @type {ServerEvent} */ (JSON.parse(text));
    if (event.type === "welcome") {
      this.#welcomed = true;
      this.#patience = Math.min(WATCHDOG_MS, 2.4 * 1000 * (event.heartbeat_seconds || 25));
      this.#onLink("live");
    }
    this.#onEvent(event);
    // Not at the welcome: a client that fails at what follows it has to back off too.
    if (event.type === "snapshot") this.#failures = 0;
  }

  /** @param {WebSocket} socket @param {number | null} [asked] */
  #lost(socket, asked = null) {
    if (socket !== this.#socket) return;
    this.close();
    const offline = navigator.onLine === false || this.#failures >= OFFLINE_AFTER;
    this.#retry = window.setTimeout(() => this.restart(), asked ?? delay(this.#failures));
    this.#failures += 1;
    this.#onLink(offline ? "offline" : "reconnecting");
  }

  /** Back on screen or online: try at once, and look whether a line that slept is alive. */
  #wake() {
    if (this.#retry !== 0 || Date.now() - this.#heardAt > this.#patience) this.restart();
  }

  /** @param {number} patience milliseconds of silence that are taken */
  #watch(patience) {
    clearTimeout(this.#watchdog);
    this.#heardAt = Date.now();
    const socket = this.#socket;
    this.#watchdog = window.setTimeout(() => socket && this.#lost(socket), patience);
  }
}
