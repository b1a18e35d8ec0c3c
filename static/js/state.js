/**
 * PURE: the whole state of the page and the one way it changes: state and event in, next state out.
 *
 * @import { Mine, MineEvent } from "./mine.js"
 * @import { People, PeopleEvent } from "./people.js"
 * @import { Room, RoomEvent } from "./room.js"
 *
 * @typedef {{room: Room, people: People, mine: Mine}} State
 * @typedef {RoomEvent | MineEvent | PeopleEvent} PageEvent
 */

import { newMine, reduceMine } from "./mine.js";
import { newPeople, reducePeople } from "./people.js";
import { newRoom, reduceRoom } from "./room.js";

/**
 * @param {string | null} roomId
 * @returns {State}
 */
export function newState(roomId) {
  return { room: newRoom(roomId), people: newPeople(), mine: newMine() };
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
  const people = reducePeople(state.people, event, state.room, room, now);
  const mine = reduceMine(state.mine, event, room, now);
  const same = room === state.room && people === state.people && mine === state.mine;
  return same ? state : { room, people, mine };
}
