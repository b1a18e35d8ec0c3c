/**
 * PURE: who is who: in which order people are listed, and how a face stands for a name.
 *
 * @import { People } from "./people.js"
 * @import { Room } from "./room.js"
 * @import { Here } from "./wire.js"
 */

/**
 * Say whether I am presenting.
 * @param {{room: Room, people: People}} state
 */
export function isPresenting({ room, people }) {
  const presenter = room.snapshot?.presenter ?? null;
  return presenter !== null && presenter.member === people.you?.member;
}

/**
 * List those who are here: me first, then the one who presents, then the others as the server has them.
 * @param {{room: Room, people: People}} state
 * @returns {Here[]}
 */
export function inOrder({ room, people: { list, you } }) {
  const rank = (/** @type {Here} */ { member }) =>
    member === you?.member ? 0 : member === room.snapshot?.presenter?.member ? 1 : 2;
  return [...list].sort((one, other) => rank(one) - rank(other));
}

/** Letters of other scripts, and digits, that look like a Latin letter. */
const LOOKALIKES = new Map(
  Object.entries({
    ...{ а: "a", в: "b", е: "e", һ: "h", н: "h", і: "i", ј: "j", к: "k", м: "m", о: "o", р: "p", с: "c", ѕ: "s", т: "t" },
    ...{ у: "y", х: "x", α: "a", ι: "i", κ: "k", ν: "v", ο: "o", ρ: "p", τ: "t", υ: "u", χ: "x", 0: "o", 1: "l" },
  }),
);

/**
 * Return the members whose name looks like that of another one.
 * @param {Here[]} list
 * @returns {Set<string>}
 */
export function namesakes(list) {
  /** @type {Map<string, string[]>} */
  const byName = new Map();
  for (const { member, name } of list) {
    const letters = [...name.normalize("NFKD").toLowerCase()].map((letter) => LOOKALIKES.get(letter) ?? letter);
    const key = letters.filter((letter) => /[\p{L}\p{N}]/u.test(letter)).join("");
    byName.set(key, [...(byName.get(key) ?? []), member]);
  }
  return new Set([...byName.values()].filter((members) => members.length > 1).flat());
}

/**
 * Return the one or two letters that stand for a name: of its first and last word.
 * @param {string} name
 */
export function initials(name) {
  const words = name.split(/\s+/).map(letterOf).filter(Boolean);
  const last = words.length > 1 ? (words[words.length - 1] ?? "") : "";
  return `${words[0] ?? "?"}${last}`.toUpperCase();
}

/** Return a word's first letter or digit, without the marks that may be piled upon it. @param {string} word */
function letterOf(word) {
  return /[\p{L}\p{N}]/u.exec(word)?.[0] ?? "";
}
