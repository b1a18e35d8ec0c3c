/**
 * PURE: what the server says of the room, and how sure we are of it. Every event from the wire that changes
 * what there is to show goes through here, and nothing else changes it. What only my screen has is in mine.js.
 *
 * @import { Ack, Heartbeat, Notice, Presence, Progress, ServerEvent, Snapshot, UnknownRoom, Welcome } from "./wire.js"
 * @import { MineEvent } from "./mine.js"
 * @import { Transfer } from "./transfer.js"
 *
 * @typedef {"opening" | "live" | "reconnecting" | "offline" | "refused"} Link refused: pages of this origin may not connect
 *
 * @typedef {object} Room
 * @property {string | null} id null on the start page until the server has named the room
 * @property {boolean} fresh it was made for us, and no link leads to it yet
 * @property {Link} link
 * @property {Welcome | null} welcome
 * @property {UnknownRoom | null} unknown the room is not there (any more)
 * @property {Snapshot | null} snapshot the newest one taken
 * @property {Transfer | null} transfer the upload on its way into this room
 * @property {Notice & {at: number} | null} notice what just happened, until it is dismissed or over
 * @property {number} members
 * @property {boolean} awaiting the line is to bring its first snapshot
 * @property {number | null} behindSince when we first heard of what we do not have
 */

import { follow } from "./transfer.js";

/** What has not come for so long is not coming: connect anew. */
export const BEHIND_MS = 5000;

/** The server drops a notice with the next change; people get so long. */
const NOTICE_MS = 8000;

/**
 * @param {string | null} id
 * @returns {Room}
 */
export function newRoom(id) {
  return {
    id,
    fresh: id === null,
    link: "opening",
    welcome: null,
    unknown: null,
    snapshot: null,
    transfer: null,
    notice: null,
    members: 0,
    awaiting: false,
    behindSince: null,
  };
}

/**
 * @typedef {ServerEvent | {type: "link", link: Link} | {type: "notice_read"} | MineEvent} RoomEvent
 */

/**
 * Return the room after an event; an event that says nothing new returns the very same room.
 * @param {Room} room
 * @param {RoomEvent | {type: string}} given
 * @param {number} now milliseconds
 * @returns {Room}
 */
export function reduceRoom(room, given, now) {
  const event = /** @type {RoomEvent} */ (given);
  switch (event.type) {
    case "link":
      return event.link === room.link ? room : { ...room, link: event.link };
    case "welcome":
      return { ...room, id: event.room_id ?? event.watch_id, link: "live", welcome: event, unknown: null, awaiting: true, behindSince: null };
    case "links":
      return { ...room, id: event.room_id };
    case "unknown_room":
      return { ...newRoom(room.id), link: "live", unknown: event };
    case "snapshot":
      return room.awaiting || isNews(room.snapshot, event) ? taken(room, event, now) : heard(room, event, now);
    case "progress":
      return progressed(heard(room, event, now), event, now);
    case "heartbeat":
      return heard(room, event, now);
    case "presence":
      return { ...heard(room, event, now), members: event.members };
    case "ack":
      return acknowledged(room, event, now);
    case "sending":
    case "alert":
      // Who is told of an error, or begins anew, needs no notice of it; clearing the error clears it too.
      return (event.type === "alert" ? event.alert === null : event.sending !== null)
        ? { ...room, notice: null }
        : room;
    case "notice_read":
      return { ...room, notice: null };
    default:
      return room;
  }
}

/**
 * Say whether a snapshot is to be taken: its epoch is not ours, or its revision is higher.
 * @param {Snapshot | null} ours
 * @param {{epoch: string, revision: number}} theirs
 */
export function isNews(ours, theirs) {
  return ours === null || ours.epoch !== theirs.epoch || theirs.revision > ours.revision;
}

/** @param {Room} room @param {Snapshot} snapshot @param {number} now @returns {Room} */
function taken(room, snapshot, now) {
  return {
    ...room,
    snapshot,
    awaiting: false,
    transfer: follow(room.transfer, snapshot.upload, now),
    notice: noticeAfter(room, snapshot, now),
    behindSince: null,
  };
}

/**
 * Return the notice to show: one is for those who were there when it happened, not for who joins later.
 * @param {Room} room
 * @param {Snapshot} snapshot
 * @param {number} now
 */
function noticeAfter(room, snapshot, now) {
  const before = room.snapshot;
  if (before === null) return null;
  if (snapshot.notice === null) return room.notice && now - room.notice.at < NOTICE_MS ? room.notice : null;
  const same = before.notice?.code === snapshot.notice.code && before.notice.message === snapshot.notice.message;
  return same ? room.notice : { ...snapshot.notice, at: now };
}

/** A snapshot comes before all that speaks of it. @param {Room} room @param {Heartbeat | Presence | Progress | Snapshot} event @param {number} now */
function heard(room, event, now) {
  const missing = room.awaiting || ("epoch" in event ? isNews(room.snapshot, event) : room.behindSince !== null);
  const behindSince = missing ? (room.behindSince ?? now) : null;
  return behindSince === room.behindSince ? room : { ...room, behindSince };
}

/** @param {Room} room @param {Ack} event @param {number} now @returns {Room} */
function acknowledged(room, event, now) {
  if (room.transfer?.upload !== event.upload) return room;
  const transfer = follow(room.transfer, { ...room.transfer, stored: event.offset }, now);
  return transfer === room.transfer ? room : { ...room, transfer };
}

/** @param {Room} room @param {Progress} event @param {number} now @returns {Room} */
function progressed(room, event, now) {
  const { snapshot } = room;
  if (snapshot === null || snapshot.epoch !== event.epoch) return room;
  const transfer = event.upload === null ? room.transfer : follow(room.transfer, event.upload, now);
  // Counts belong to the incoming table; before its first snapshot they would be given to the former one.
  const growing = snapshot.table?.growing && event.revision >= snapshot.revision;
  if (!growing || !snapshot.table) return { ...room, transfer };
  const table = { ...snapshot.table, rows: event.rows, columns: event.columns };
  return { ...room, transfer, snapshot: { ...snapshot, pages: event.pages, table } };
}

/**
 * Say whether there is a table, or may be one: behind a link that is still opening there is likely one.
 * @param {Room} room
 */
export function mayHaveTable({ fresh, snapshot }) {
  return snapshot ? snapshot.table !== null : !fresh;
}

/**
 * Say whether what is shown is known to be old and nothing newer is coming.
 * @param {Room} room
 * @param {number} now
 */
export function isStale(room, now) {
  return room.behindSince !== null && now - room.behindSince > BEHIND_MS;
}
