/**
 * Sends one file in slices, as the window allows. When the line is lost and there again, it goes on where the server's
 * bytes end, once it has shown that the file is the same; where the server has none of them, it begins anew. The
 * arithmetic is in transfer.js.
 *
 * @import { Alert, Sending } from "./mine.js"
 * @import { Connection } from "./connection.js"
 * @import { Limits, ServerEvent, Table, Upload } from "./wire.js"
 */

import { bytes } from "./format.js";
import { nextChunk } from "./transfer.js";

const LOST = "The connection was lost while the file was on its way, and the server has no part of it any more.";

/** Errors after which the same file can be sent once more. */
const WORTH_ANOTHER = new Set([
  "upload_running",
  "connection_lost",
  "limit_reached",
  "storage_failed",
  "store_away",
]);

/** Least wait before going on where the server could not just now; at most twice as long. */
const LATER_MS = 1000;

/** As room/names.py names it. @param {string} name */
const plain = (name) => name.replace(/\p{C}/gu, "").replace(/\p{Z}/gu, " ").trim();

export class Uploader {
  #line;
  #onSending;
  #onAlert;
  /** @type {Limits | null} */
  #limits = null;
  /** @type {File | null} */
  #file = null;
  /** The file of the last failure, for "Send again". @type {File | null} */
  #failed = null;
  /** One that the room has no more. @type {{id: string, file: File} | null} */
  #ended = null;
  /** One that was cancelled while there was no line. @type {string | null} */
  #unsaid = null;
  /** What the room receives. @type {Upload | null | undefined} */
  #shown;
  /** What the room shows. @type {Table | null} */
  #table = null;
  /** What it showed when ours began. @type {string | undefined} */
  #former;
  /** @type {string | null} */
  #id = null;
  #begun = false;
  #resuming = false;
  #announced = false;
  #pumping = false;
  /** What was read of the file in an earlier one goes nowhere. */
  #round = 0;
  #sent = 0;
  #stored = 0;

  /**
   * @param {object} options
   * @param {Pick<Connection, "send" | "sendChunk">} options.line
   * @param {(sending: Sending | null) => void} options.onSending
   * @param {(alert: Alert) => void} options.onAlert
   */
  constructor({ line, onSending, onAlert }) {
    this.#line = line;
    this.#onSending = onSending;
    this.#onAlert = onAlert;
  }

  get busy() {
    return this.#file !== null;
  }

  /**
   * Send a file, as soon as there is a line; one at a time.
   * @param {File} file
   */
  offer(file) {
    if (this.busy) {
      this.#alert(file, "upload_running", `${this.#file?.name} is still being sent. Wait for it, or cancel it first.`);
      return;
    }
    this.#file = file;
    this.#onSending({ name: plain(file.name), size: file.size });
    this.#begin();
  }

  /** Send the file that failed last once more. */
  again() {
    if (this.#failed) this.offer(this.#failed);
  }

  /** Stop sending; everyone gets the former table back, once there is a line to say so. */
  cancel() {
    const id = this.#id;
    this.#over();
    if (id !== null && !this.#line.send({ type: "cancel", upload: id })) this.#unsaid = id;
  }

  /** The line is lost: what is not stored follows when there is one again. */
  lost() {
    this.#limits = null;
    this.#shown = undefined;
    this.#round += 1;
    this.#begun = false;
    this.#announced = false;
  }

  /**
   * Take what concerns the upload from an event; say whether nobody else needs it.
   * @param {ServerEvent} event
   */
  take(event) {
    switch (event.type) {
      case "welcome":
        this.#limits = event.limits;
        if (this.#file && !this.#begun && this.#id !== null) this.#resume();
        return false;
      case "ready":
        this.#ready(event.upload, event.offset, event.proof);
        return true;
      case "ack":
        if (event.upload === this.#id) this.#stored = Math.max(this.#stored, event.offset);
        this.#pump();
        return false;
      case "finished":
        if (event.upload === this.#id) this.#over();
        return false;
      case "snapshot":
        this.#shown = event.upload;
        this.#table = event.table;
        this.#sayCancelled();
        this.#compare(event.upload?.upload ?? null);
        if (this.#file && !this.#begun) this.#begin();
        return false;
      case "error":
        return this.#refused(event);
      default:
        return false;
    }
  }

  /** Begin once it is known what the room receives: the file of an upload that broke off goes on with it. */
  #begin() {
    const file = /** @type {File} */ (this.#file);
    const shown = this.#shown;
    if (shown === undefined) return;
    this.#former = this.#table?.growing ? undefined : this.#table?.document;
    if (shown?.paused && shown.name === plain(file.name) && shown.size === file.size) {
      this.#id = shown.upload;
      this.#resume();
      return;
    }
    const limit = this.#limits?.upload_bytes ?? Infinity;
    if (file.size > limit) {
      this.#fail("too_large", `It has ${bytes(file.size)}; this server takes files of up to ${bytes(limit)}.`);
      return;
    }
    this.#begun = this.#line.send({ type: "begin", name: file.name, size: file.size });
  }

  #resume() {
    const file = /** @type {File} */ (this.#file);
    const upload = /** @type {string} */ (this.#id);
    this.#begun = this.#resuming = this.#line.send({ type: "resume", upload, name: file.name, size: file.size });
  }

  /** The server cannot go on with it just now, and keeps what it has. */
  #later() {
    const round = ++this.#round;
    this.#pumping = true; // what goes out meanwhile is not taken
    setTimeout(() => round === this.#round && this.#resume(), LATER_MS * (1 + Math.random()));
  }

  /** @param {string} id @param {number} offset @param {[number, number][]} proof */
  async #ready(id, offset, proof) {
    if (!this.#begun) {
      // Cancelled before the server had named it.
      this.#line.send({ type: "cancel", upload: id });
      return;
    }
    this.#id = id;
    this.#resuming = false;
    this.#sent = offset;
    this.#stored = offset;
    const round = ++this.#round;
    if (proof.length > 0) {
      const file = /** @type {File} */ (this.#file);
      this.#pumping = true; // nothing may go out before it
      // What cannot be read is not the same: the server will say so.
      const part = await new Blob(proof.map(([start, stop]) => file.slice(start, stop))).arrayBuffer().catch(() => new ArrayBuffer(0));
      if (this.#round !== round) return;
      this.#line.sendChunk(part);
    }
    this.#pumping = false;
    this.#pump();
  }

  #sayCancelled() {
    const id = this.#unsaid;
    this.#unsaid = null;
    if (id !== null && this.#shown?.upload === id) this.#line.send({ type: "cancel", upload: id });
  }

  /** The room's upload was ours and is not any more: done, failed or cancelled. @param {string | null} shown */
  #compare(shown) {
    if (this.#id === null || this.#file === null) return;
    if (shown === this.#id) this.#announced = true;
    else if (this.#announced) {
      // The event that says why may come later.
      this.#ended = { id: this.#id, file: this.#file };
      this.#over();
    }
  }

  /** @param {{code: string, message: string, upload?: string, ask?: number}} error */
  #refused(error) {
    if (error.ask !== undefined) return false;
    if (error.upload !== undefined && error.upload !== this.#id) {
      // Of one that we cancelled nobody hears more.
      if (error.upload === this.#ended?.id) this.#alert(this.#ended.file, error.code, error.message);
      return true;
    }
    if (this.#resuming && error.code === "no_upload") {
      this.#missing();
      return true;
    }
    if (error.code === "store_away" && error.upload !== undefined) {
      this.#later();
      return true;
    }
    if (error.code === "not_the_same" && this.#id !== null) {
      this.#fail(error.code, error.message);
      return true;
    }
    const unnamed = error.upload === undefined && (!this.#begun || this.#id !== null);
    if (unnamed) return error.code === "no_upload";
    this.#fail(error.code, error.message);
    return true;
  }

  /** The server has no upload to go on with: it has it all, or nothing of it, or gave up what it had. */
  #missing() {
    const file = /** @type {File} */ (this.#file);
    const [name, size] = [plain(file.name), file.size];
    const table = this.#table;
    this.#resuming = false;
    if (this.#shown?.upload === this.#id) return; // whole, and about to be announced
    const arrived = table?.name === name && table.size === size && !table.growing && table.document !== this.#former;
    if (arrived) this.#over();
    else if (this.#stored > 0) this.#fail("connection_lost", LOST);
    else {
      this.#id = null;
      this.#begun = false;
      this.#begin();
    }
  }

  async #pump() {
    if (this.#pumping || this.#file === null || this.#id === null) return;
    const file = this.#file;
    const id = this.#id;
    const round = this.#round;
    this.#pumping = true;
    try {
      for (let chunk = this.#next(file); chunk; chunk = this.#next(file)) {
        const part = await file.slice(chunk.start, chunk.stop).arrayBuffer();
        if (this.#round !== round) return;
        if (part.byteLength !== chunk.stop - chunk.start) throw new Error("the file has changed");
        if (!this.#line.sendChunk(part)) break;
        this.#sent = chunk.stop;
      }
    } catch {
      if (this.#round !== round) return;
      this.#line.send({ type: "cancel", upload: id });
      this.#fail("unreadable", "The browser could not read it. Is it a folder, or has it been moved or changed?");
    }
    this.#pumping = false;
  }

  /** @param {File} file */
  #next(file) {
    if (this.#limits === null) return null;
    const { chunk_bytes: chunkBytes, window_bytes: windowBytes } = this.#limits;
    return nextChunk({ size: file.size, sent: this.#sent, stored: this.#stored, chunkBytes, windowBytes });
  }

  /** @param {string} code @param {string} message */
  #fail(code, message) {
    const file = /** @type {File} */ (this.#file);
    this.#over();
    this.#alert(file, code, message);
  }

  /** @param {File} file @param {string} code @param {string} message */
  #alert(file, code, message) {
    this.#failed = file;
    this.#onAlert({ code, message, name: plain(file.name), remedy: WORTH_ANOTHER.has(code) ? "again" : "choose" });
  }

  #over() {
    this.#file = null;
    this.#id = null;
    this.#begun = false;
    this.#resuming = false;
    this.#announced = false;
    this.#round += 1;
    this.#pumping = false;
    this.#sent = 0;
    this.#stored = 0;
    this.#onSending(null);
  }
}
