/** PURE: the addresses of this site. The messages are in wire.d.ts, which only the type checker reads. */

export const SUBPROTOCOL = "tsvapp.v1";

/** Where the site begins, which may be a path such as `/tables/` that a proxy takes off before the server sees it. */
const SITE = new URL("../../", import.meta.url);

const ROOM_PATH = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/**
 * Return the whole address of something on this site; every link is made here.
 * @param {string} path without a slash in front; empty for the start page
 */
export function at(path) {
  return new URL(path, SITE).href;
}

/** Whether nobody but this computer can open the addresses of this site. */
export function isOnlyHere() {
  return /^(localhost|.*\.localhost|127\..*|\[::1\])$/.test(SITE.hostname);
}

/**
 * Return the room that a page's address names at its end, or null for the start page.
 * @param {string} pathname
 */
export function roomAt(pathname) {
  return ROOM_PATH.exec(pathname)?.[1] ?? null;
}

/**
 * Return the address of the WebSocket: that of a room, or of a new one.
 * @param {string | null} roomId
 */
export function socketAt(roomId) {
  return at(`parser/ws${roomId === null ? "" : `/${roomId}`}`).replace(/^http/, "ws");
}
