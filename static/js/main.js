/**
 * The wiring, and nothing else: events come in from the socket, the keyboard and files, the state follows, the
 * page is drawn. What each part does stands in its own module.
 *
 * @import { Command, ServerEvent, Welcome } from "./wire.js"
 * @import { Link } from "./room.js"
 * @import { PageEvent } from "./state.js"
 * @import { Workbench } from "./workbench.js"
 */

import { actionsOf } from "./actions.js";
import { pageShown } from "./alone.js";
import { Asks } from "./asks.js";
import { Connection } from "./connection.js";
import { acceptChoice, acceptDrops, acceptPaste } from "./drop.js";
import { Myself } from "./identity.js";
import { at, roomAt, socketAt } from "./protocol.js";
import { isStale, newRoom } from "./room.js";
import { sheetOf } from "./sheet.js";
import { forgotten, opened } from "./start.js";
import { newState, reduce } from "./state.js";
import { Uploader } from "./upload.js";
import { drawFrame, drawInstead } from "./view.js";

const CHECK_MS = 1000;
const ORIGIN_MS = 5000;

let state = newState(roomAt(location.pathname));
let drawing = 0;
/** @type {Workbench | null} */
let workbench = null;
/** @type {Link} */
let latestLink = "opening";
/** The workbench could not be loaded. */
let unfurnished = false;

/** @param {string} id */
const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const places = {
  top: place("top"),
  scroller: place("scroller"),
  over: place("over"),
  news: place("news"),
  bottom: place("bottom"),
  aside: place("aside"),
  announcer: place("announcer"),
};
const input = /** @type {HTMLInputElement} */ (place("file"));

const myself = new Myself();
const connection = new Connection({ address: () => socketAt(state.room.id), onEvent: receive, onLink: linkChanged });
const asks = new Asks((command) => connection.send(command));
const uploader = new Uploader({
  line: connection,
  onSending: (sending) => dispatch({ type: "sending", sending }),
  onAlert: (alert) => dispatch({ type: "alert", alert }),
});
const actions = actionsOf({
  state: () => state,
  sheet,
  dispatch,
  connection,
  uploader,
  asks,
  focus: () => workbench?.focus(),
  choose: () => input.click(),
  redraw,
  startAnew,
});

acceptDrops({ onFiles: actions.send, onDragging: (dragging) => dispatch({ type: "dragging", dragging }) });
acceptChoice(input, actions.send);
acceptPaste(actions.paste);
addEventListener("beforeunload", (event) => uploader.busy && event.preventDefault());
setInterval(check, CHECK_MS);
places.scroller.replaceChildren();
redraw();
connection.restart();
import("./workbench.js").then(furnish).catch(() => (unfurnished = !reloaded()));

/** What the first screen does without. @param {typeof import("./workbench.js")} module */
async function furnish({ Workbench, styled }) {
  await styled();
  const send = (/** @type {Command} */ command) => connection.send(command);
  workbench = new Workbench({ places, actions, asks, dispatch, myself, state: () => state, sheet, send, redraw });
}

/** Find out what no event tells. */
function check() {
  if (isStale(state.room, performance.now())) connection.restart();
  // A module that failed to come is asked for again by every browser only with the whole page.
  if (unfurnished && state.room.link === "live" && !uploader.busy) location.reload();
}

/** Say whether the page was loaded once more already: what fails again fails for ever. */
function reloaded() {
  const [navigation] = performance.getEntriesByType("navigation");
  return /** @type {PerformanceNavigationTiming | undefined} */ (navigation)?.type === "reload";
}

/** The one way the state changes; the page follows with the next frame. @param {PageEvent} event */
function dispatch(event) {
  const before = state;
  state = reduce(before, event, performance.now());
  if (state === before) return;
  workbench?.heed(before, state);
  if (drawing === 0) drawing = requestAnimationFrame(redraw);
}

function redraw() {
  drawing = 0;
  const shown = sheet();
  drawFrame(places, state, actions, workbench?.bar(state));
  if (shown === null || workbench === null) drawInstead(places, state, actions);
  workbench?.draw(state, shown);
}

function sheet() {
  const { room, mine } = state;
  return sheetOf(pageShown(room.snapshot, mine.alone), mine.blocks, room.welcome?.limits.page_columns);
}

/** @param {ServerEvent} event */
function receive(event) {
  if (event.type === "welcome") introduce(event);
  if (asks.settle(event) || uploader.take(event)) return;
  if (event.type === "unknown_room" && startsOver(event.reason)) return;
  dispatch(event);
  switch (event.type) {
    case "welcome":
      keepAddress(event.room_id ?? event.watch_id);
      break;
    case "links":
      if (roomAt(location.pathname) !== event.room_id) {
        history.replaceState(history.state, "", at(event.room_id) + location.search + location.hash);
      }
      break;
    case "snapshot":
      actions.arrive();
      if (event.table && state.room.id) opened(state.room.id, event.table);
      if (event.table?.growing === false && history.state?.fresh) history.replaceState(null, "");
      break;
    case "unknown_room":
      forgotten(state.room.id);
      connection.close();
      break;
    case "error":
      dispatch({ type: "alert", alert: { code: event.code, message: event.message, remedy: "close" } });
  }
}

/** Say who I am before anything else, so that all I do has my name. @param {Welcome} welcome */
function introduce(welcome) {
  const command = myself.welcomed(welcome);
  if (command) connection.send(command);
}

/** @param {Link} link */
async function linkChanged(link) {
  latestLink = link;
  if (link !== "live") {
    asks.abandon();
    uploader.lost();
  }
  const shown = link !== "live" && state.room.welcome === null && (await isRefused()) ? "refused" : link;
  if (link === latestLink) dispatch({ type: "link", link: shown });
}

/** Ask whether the server refuses this origin: no browser tells why a handshake failed. */
async function isRefused() {
  const asked = fetch(at(`parser/origin?origin=${location.origin}`), { signal: AbortSignal.timeout(ORIGIN_MS) });
  const answer = await asked.then((response) => response.json()).catch(() => null);
  return answer?.allowed === false;
}

/** The start page becomes the room's page. @param {string} roomId */
function keepAddress(roomId) {
  if (roomAt(location.pathname) === null) history.replaceState({ fresh: true }, "", at(roomId));
}

/** A room of ours that never had a whole table is not kept by the server: it is made anew. @param {string} reason */
function startsOver(reason) {
  if (reason !== "unknown" || !history.state?.fresh) return false;
  startAnew();
  return true;
}

function startAnew() {
  history.replaceState(null, "", at(""));
  state = { ...state, room: newRoom(null) };
  connection.restart();
}
