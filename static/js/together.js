/**
 * What people do with each other: each one sends a command, or changes what only I see of it.
 *
 * @import { Myself } from "./identity.js"
 * @import { Dialog } from "./mine.js"
 * @import { PageEvent, State } from "./state.js"
 * @import { Command } from "./wire.js"
 *
 * @typedef {ReturnType<typeof togetherOf>} Together
 */

/** Who has asked for the wheel may ask again after so long. */
const ASK_AGAIN_MS = 15_000;

/**
 * @param {object} parts
 * @param {(command: Command) => boolean} parts.send
 * @param {(event: PageEvent) => void} parts.dispatch
 * @param {Myself} parts.myself
 */
export function togetherOf({ send, dispatch, myself }) {
  return {
    /** Be called otherwise, here and wherever this browser goes; an empty name gives the first one back. @param {string} name */
    rename: (name) => introduce({ name: name.trim() || null }),

    /** @param {number} hue */
    colour: (hue) => introduce({ hue }),

    present: () => send({ type: "present" }),

    /** Hand the wheel to a member, or to everyone. @param {string | null} member */
    hand: (member) => send({ type: "hand", member }),

    askWheel() {
      if (!send({ type: "ask_wheel" })) return;
      dispatch({ type: "asked", asked: true });
      setTimeout(() => dispatch({ type: "asked", asked: false }), ASK_AGAIN_MS);
    },

    /** @param {string} member who asks me for the wheel */
    notNow: (member) => dispatch({ type: "asking_over", member }),

    /** @param {string} document */
    restore: (document) => send({ type: "restore", document }),

    /** Delete this table for everyone, for good. */
    destroy: () => send({ type: "delete" }),

    /** Replace the view-only link. */
    renew: () => send({ type: "renew" }),

    /** Replace both links; everyone else is sent away. */
    renewBoth: () => send({ type: "renew", both: true }),

    /** Send a member away. @param {string} member */
    remove: (member) => send({ type: "remove", member }),

    dismissNews: () => dispatch({ type: "news_over" }),

    /** @param {Dialog} dialog */
    open: (dialog) => dispatch({ type: "dialog", dialog }),
  };

  /** @param {{name?: string | null, hue?: number}} changes */
  function introduce(changes) {
    const command = myself.change(changes);
    if (command) send(command);
  }
}
