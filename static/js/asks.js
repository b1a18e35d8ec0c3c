/**
 * Questions to the server that are answered to us alone (`look`, `cell`): each gets a number, and the answer
 * with that number settles its promise. A lost line settles them all.
 *
 * @import { CellAnswer, Command, ErrorEvent, PageAnswer, ServerEvent } from "./wire.js"
 *
 * @typedef {{resolve: (answer: any) => void, reject: (error: Error) => void, timer: number}} Waiting
 */

const PATIENCE_MS = 20_000;

export class Asks {
  #send;
  #next = 1;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();

  /** @param {(command: Command) => boolean} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * Ask for a page's columns from `first_column` on.
   * @param {number} page
   * @param {number} first_column
   * @returns {Promise<PageAnswer>}
   */
  look(page, first_column) {
    return this.#ask((ask) => ({ type: "look", ask, page, first_column }));
  }

  /**
   * Ask for a whole cell.
   * @param {number} row from 1
   * @param {number} column from 0
   * @returns {Promise<CellAnswer>}
   */
  cell(row, column) {
    return this.#ask((ask) => ({ type: "cell", ask, row, column }));
  }

  /**
   * Settle the question that this event answers; say whether there was one.
   * @param {ServerEvent} event
   */
  settle(event) {
    if (!("ask" in event) || event.ask === undefined) return false;
    const waiting = this.#waiting.get(event.ask);
    if (!waiting) return true;
    this.#waiting.delete(event.ask);
    clearTimeout(waiting.timer);
    if (event.type === "error") waiting.reject(new Error(event.message));
    else waiting.resolve(event);
    return true;
  }

  /** Give up all that is open: the line is lost. */
  abandon() {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error("The connection was lost."));
    }
    this.#waiting.clear();
  }

  /** @param {(ask: number) => Command} command @returns {Promise<any>} */
  #ask(command) {
    const ask = this.#next++;
    return new Promise((resolve, reject) => {
      if (!this.#send(command(ask))) {
        reject(new Error("Not connected."));
        return;
      }
      const timer = window.setTimeout(() => {
        this.#waiting.delete(ask);
        reject(new Error("The server did not answer."));
      }, PATIENCE_MS);
      this.#waiting.set(ask, { resolve, reject, timer });
    });
  }
}
