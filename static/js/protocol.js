/** The addresses of rooms and their sockets. The messages are in wire.d.ts, which only the type checker reads. */

export const SUBPROTOCOL = "tsvapp.v1";

const ROOM_PATH = /^\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/**
 * Return the room that a page's address names, or null for the start page.
 * @param {string} pathname
 */
export function roomAt(pathname) {
  return ROOM_PATH.exec(pathname)?.[1] ?? null;
}

/**
 * Return the WebSocket's path: that of a room, or of a new one.
 * @param {string | null} roomId
 */
export function socketPath(roomId) {
  return roomId === null ? "/parser/ws" : `/parser/ws/${roomId}`;
}
