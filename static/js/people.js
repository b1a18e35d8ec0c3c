/**
 * PURE: the people in the room: who I am, who is here, who may move it, who points at what. What somebody has just
 * done is found out in news.js.
 *
 * @import { Here, Links, Person, Pointed, Pointing, Presence, Snapshot, WheelAsked, Welcome, You } from "./wire.js"
 * @import { Room } from "./room.js"
 * @import { News } from "./news.js"
 *
 * @typedef {Person & {row: number, column: number, at: number}} Finger a cell that somebody points at, and since when
 *
 * @typedef {object} People
 * @property {Person | null} you
 * @property {boolean} owns I made this room's link
 * @property {string | null} watchId of the link to look only
 * @property {Here[]} list the first of those who are here
 * @property {Finger | null} finger
 * @property {(News & {at: number}) | null} news what was just done, until it is dismissed or over
 * @property {Person | null} turner who turned to the room's page
 * @property {Person[]} asking those who ask me for the wheel, at most MAX_ASKING
 * @property {boolean} askingMore more ask than are listed
 * @property {boolean} asked I have asked for the wheel
 *
 * @typedef {{type: "news", news: News} | {type: "news_over"} | {type: "finger_over"} | {type: "asking_over", member: string}
 *   | {type: "asked", asked: boolean}} PeopleEvent
 */

/** People who ask for the wheel and are listed: each takes a card of the screen. */
const MAX_ASKING = 5;

/** @returns {People} */
export function newPeople() {
  return {
    you: null,
    owns: false,
    watchId: null,
    list: [],
    finger: null,
    news: null,
    turner: null,
    asking: [],
    askingMore: false,
    asked: false,
  };
}

/**
 * Return the people after an event; the very same if it says nothing of them.
 * @param {People} people
 * @param {{type: string}} given
 * @param {Room} before
 * @param {Room} after the room after the same event
 * @param {number} now milliseconds
 * @returns {People}
 */
export function reducePeople(people, given, before, after, now) {
  const event =
    /** @type {PeopleEvent | Links | Pointing | Presence | Snapshot | WheelAsked | Welcome | You
     * | {type: "unknown_room"} | {type: "link", link: string}} */ (given);
  switch (event.type) {
    case "welcome":
      return { ...people, you: event.you, owns: event.owns, watchId: event.watch_id };
    case "you":
      return { ...people, you: event.you, owns: event.owns };
    case "links":
      return { ...people, watchId: event.watch_id };
    case "presence":
      return { ...people, list: event.people };
    case "pointing":
      return { ...people, finger: fingerAfter(people, event.pointed, now) };
    case "finger_over":
      return { ...people, finger: null };
    case "snapshot":
      return after.snapshot === event ? moved(people, before.snapshot, event, now) : people;
    case "news":
      return { ...people, news: { ...event.news, at: now } };
    case "news_over":
      return people.news ? { ...people, news: null } : people;
    case "wheel_asked":
      return askedBy(people, event);
    case "asking_over":
      return { ...people, asking: without(people.asking, event.member), askingMore: false };
    case "asked":
      return { ...people, asked: event.asked };
    case "link":
      // Who points or asks is not known any more.
      return event.link === "live" ? people : { ...people, finger: null, asking: [], askingMore: false, asked: false };
    case "unknown_room":
      return newPeople();
    default:
      return people;
  }
}

/**
 * List those who ask; who has asked before keeps the place.
 * @param {People} people
 * @param {WheelAsked} event
 * @returns {People}
 */
function askedBy(people, event) {
  const known = (/** @type {Person} */ { member }) => people.asking.some((each) => each.member === member);
  const all = [...people.asking, ...event.people.filter((each) => !known(each))];
  return {
    ...people,
    asking: all.slice(0, MAX_ASKING),
    askingMore: people.askingMore || event.more || all.length > MAX_ASKING,
  };
}

/** @param {Person[]} people @param {string} member */
function without(people, member) {
  return people.filter((each) => each.member !== member);
}

/**
 * Take over what the snapshot says.
 * @param {People} people
 * @param {Snapshot | null} before
 * @param {Snapshot} after
 * @param {number} now
 * @returns {People}
 */
function moved(people, before, after, now) {
  const turned = before?.page !== after.page || before.table?.document !== after.table?.document;
  const handed = before?.presenter?.member !== after.presenter?.member;
  return {
    ...people,
    finger: before?.table?.document === after.table?.document ? kept(people, after, now) : null,
    news: people.news && stillTrue(people.news, after) ? people.news : null,
    turner: turned ? (after.by ?? null) : people.turner,
    asking: handed ? [] : people.asking,
    askingMore: !handed && people.askingMore,
    asked: handed ? false : people.asked,
  };
}

/**
 * What can be undone stays on offer only as long as it is there to be undone.
 * @param {News} news
 * @param {Snapshot} snapshot
 */
function stillTrue({ undo }, { former }) {
  return undo === null || former?.[0]?.document === undo;
}

/** @param {People} people @param {Snapshot} after @param {number} now @returns {Finger | null} */
function kept(people, { pointed }, now) {
  // One that is not shown any more has faded; a snapshot is no motion.
  return pointed && people.finger && fingerAfter(people, pointed, now);
}

/** @param {People} people @param {Pointed} pointed @param {number} now @returns {Finger | null} */
function fingerAfter({ you, finger }, pointed, now) {
  const mine = pointed.member === you?.member;
  const same = finger?.member === pointed.member && finger.row === pointed.row && finger.column === pointed.column;
  if (same) return finger;
  return pointed.row === null || mine ? null : { ...pointed, at: now };
}

/**
 * Say why I may not move the room now, or null if I may.
 * @param {{room: Room, people: People}} state
 * @returns {{kind: "look_only" | "presented", words: string} | null}
 */
export function hindrance({ room, people }) {
  if (room.welcome?.may_drive === false) return { kind: "look_only", words: "This link is for looking only" };
  const presenter = room.snapshot?.presenter ?? null;
  if (presenter === null || presenter.member === people.you?.member) return null;
  return { kind: "presented", words: `\u2068${presenter.name}\u2069 is presenting` };
}
