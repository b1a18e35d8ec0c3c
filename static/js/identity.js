/**
 * Who I am, as my browser keeps it: a secret key that makes me the same member of a room again, and the name and the
 * colour that I chose. Where nothing can be kept it lasts as long as the page.
 *
 * @import { Command, Welcome } from "./wire.js"
 *
 * @typedef {{key: string, name: string | null, hue: number | null}} Identity
 */

const PLACE = "tsvapp.me";

export class Myself {
  #storage;
  /** @type {Identity | null} */
  #identity = null;

  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage */
  constructor(storage = browserStorage()) {
    this.#storage = storage;
  }

  /**
   * Be welcomed: return the command that says who I am, or null if the server's word for it is as good.
   * @param {Welcome} welcome
   * @returns {Command | null}
   */
  welcomed({ key }) {
    this.#identity = this.#kept() ?? this.#identity;
    if (this.#identity) return { type: "introduce", ...this.#identity };
    this.#keep({ key, name: null, hue: null });
    return null;
  }

  /**
   * Change my name or colour; return the command that says so.
   * @param {{name?: string | null, hue?: number}} changes
   * @returns {Command | null}
   */
  change(changes) {
    const identity = this.#kept() ?? this.#identity;
    if (!identity) return null;
    const next = { ...identity, ...changes };
    if (!isName(next.name)) next.name = null;
    this.#keep(next);
    return { type: "introduce", ...next };
  }

  /** @returns {Identity | null} */
  #kept() {
    try {
      const { key, name, hue } = JSON.parse(this.#storage?.getItem(PLACE) ?? "{}");
      if (typeof key !== "string" || key.length < 16 || key.length > 64) return null;
      return { key, name: isName(name) ? name : null, hue: Number.isInteger(hue) ? hue : null };
    } catch {
      // Not ours, or not allowed.
      return null;
    }
  }

  /** @param {Identity} identity */
  #keep(identity) {
    this.#identity = identity;
    try {
      this.#storage?.setItem(PLACE, JSON.stringify(identity));
    } catch {
      // Full, or not allowed.
    }
  }
}

/** Say whether the server takes this as a name: something of it can be seen. @param {unknown} name */
function isName(name) {
  return typeof name === "string" && /[\p{L}\p{N}\p{S}]/u.test(name.replace(/[\u115f\u1160\u2800\u3164\uffa0]/g, ""));
}

/** Even asking for it may be refused. */
function browserStorage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
