/**
 * PURE: the whole state of the page and the one way it changes: state and event in, next state out.
 *
 * @import { Mine, MineEvent } from "./mine.js"
 * @import { Room, RoomEvent } from "./room.js"
 *
 * @typedef {{room: Room, mine: Mine}} State
 * @typedef {RoomEvent | MineEvent} PageEvent
 */

import { newMine, reduceMine } from "./mine.js";
import { newRoom, reduceRoom } from "./room.js";

/**
 * @param {string | null} roomId
 * @returns {State}
 */
export function newState(roomId) {
  return { room: newRoom(roomId), mine: newMine() };
}

/**
 * Return the state after an event; the very same one if nothing changed.
 * @param {State} state
 * @param {PageEvent} event
 * @param {number} now milliseconds
 * @returns {State}
 */
export function reduce(state, event, now) {
  const room = reduceRoom(state.room, event, now);
  const mine = reduceMine(state.mine, event, room, now);
  return room === state.room && mine === state.mine ? state : { room, mine };
}
