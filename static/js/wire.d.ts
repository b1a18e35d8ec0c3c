/**
 * The wire of `tsvapp.v1` as types; docs/protocol.md is its description.
 */

export interface Limits {
  /** Rows of a page. */
  page_size: number;
  /** Columns of a page message. */
  page_columns: number;
  /** Characters of a cell in a page message. */
  cell_chars: number;
  /** Most bytes of one chunk. */
  chunk_bytes: number;
  /** Most bytes sent and not yet acknowledged. */
  window_bytes: number;
  /** Largest file. */
  upload_bytes: number;
}

export interface Dialect {
  encoding: string;
  delimiter: string;
  quoting: boolean;
  row_end: string;
  header: boolean;
  /** Bytes of the mark at the beginning of the file that says its encoding. */
  bom: number;
}

/** A part of the dialect that people can choose. */
export type Choice = "encoding" | "delimiter" | "quoting" | "header";

/** How many rows are odd, and the numbers of the first ones. */
export interface Oddity {
  count: number;
  rows: number[];
}

export interface Table {
  document: string;
  name: string;
  size: number;
  reading: string;
  growing: boolean;
  rows: number;
  columns: number;
  dialect: Dialect;
  chosen: string[];
  provisional: boolean;
  reasons: Record<string, string>;
  report: Record<string, Oddity>;
}

export interface Upload {
  upload: string;
  name: string;
  size: number;
  stored: number;
  by: Person | null;
  paused: boolean;
}

/** One who is in the room; `hue` is a colour in degrees. */
export interface Person {
  member: string;
  name: string;
  hue: number;
}

/** One of the list of those who are here; `page` is where they look alone, null while they follow. */
export interface Here extends Person {
  page: number | null;
  may_drive: boolean;
}

/** A cell that somebody points at: the row from 1, the column from 0, both null when nobody does any more. */
export type Pointed = Person & ({ row: number; column: number } | { row: null; column: null });

export interface Notice {
  code: string;
  message: string;
}

/** A cell that was cut: its row's index in the data, its column, its whole length in characters. */
export type Clip = [index: number, column: number, length: number];

// Events, server to client.

export interface Welcome {
  type: "welcome";
  /** Null for one who may only look. */
  room_id: string | null;
  /** The id of the link to look only. */
  watch_id: string;
  may_drive: boolean;
  /** I made this room's link. */
  owns: boolean;
  you: Person;
  /** A secret for the browser to keep. */
  key: string;
  limits: Limits;
  room_days: number;
  heartbeat_seconds: number;
  encodings: string[];
  delimiters: string[];
}

export interface UnknownRoom {
  type: "unknown_room";
  /** `unknown`, `expired`, `displaced`, `deleted`, `renewed` or `unreadable`. */
  reason: string;
  message: string;
}

export interface Snapshot {
  type: "snapshot";
  epoch: string;
  revision: number;
  page: number;
  pages: number;
  table: Table | null;
  header: string[] | null;
  first_row: number;
  first_column: number;
  data: string[][];
  clipped: Clip[];
  upload: Upload | null;
  notice: Notice | null;
  /** Who moved the room last. */
  by: Person | null;
  presenter: Person | null;
  pointed: Pointed | null;
  /** Documents that can be brought back, the newest first. */
  former: Table[];
  /** Those at other workers cannot be reached just now. */
  apart?: boolean;
  expires_days?: number;
}

export interface Progress {
  type: "progress";
  epoch: string;
  revision: number;
  upload: Upload | null;
  rows: number;
  columns: number;
  pages: number;
  growing: boolean;
}

export interface Presence {
  type: "presence";
  members: number;
  people: Here[];
}

export interface Pointing {
  type: "pointing";
  pointed: Pointed;
}

export interface You {
  type: "you";
  you: Person;
  owns: boolean;
}

export interface WheelAsked {
  type: "wheel_asked";
  /** At most 5 of those who ask. */
  people: Person[];
  more: boolean;
}

export interface Links {
  type: "links";
  room_id: string;
  watch_id: string;
}

export interface Heartbeat {
  type: "heartbeat";
  epoch: string;
  revision: number;
}

export interface Ready {
  type: "ready";
  upload: string;
  offset: number;
  /** Ranges [start, stop) of the file to send first, as one message. */
  proof: [number, number][];
}

export interface Ack {
  type: "ack";
  upload: string;
  offset: number;
}

export interface Finished {
  type: "finished";
  upload: string;
  document: string;
  rows: number;
}

export interface PageAnswer {
  type: "page";
  ask: number;
  reading: string;
  page: number;
  pages: number;
  rows: number;
  header: string[] | null;
  first_row: number;
  first_column: number;
  data: string[][];
  clipped: Clip[];
}

export interface CellAnswer {
  type: "cell";
  ask: number;
  reading: string;
  row: number;
  column: number;
  text: string;
}

export interface ErrorEvent {
  type: "error";
  code: string;
  message: string;
  limit?: number;
  upload?: string;
  ask?: number;
}

export type ServerEvent =
  | Welcome
  | UnknownRoom
  | Snapshot
  | Progress
  | Presence
  | Pointing
  | You
  | WheelAsked
  | Links
  | Heartbeat
  | Ready
  | Ack
  | Finished
  | PageAnswer
  | CellAnswer
  | ErrorEvent;

// Commands, client to server.

export type Command =
  | { type: "turn"; page: number }
  | { type: "begin"; name: string; size: number }
  | { type: "resume"; upload: string; name: string; size: number }
  | { type: "cancel"; upload: string }
  | ({ type: "read" } & Partial<Record<Choice, string | boolean | null>>)
  | { type: "look"; ask: number; page: number; first_column: number }
  | { type: "cell"; ask: number; row: number; column: number }
  | { type: "introduce"; key: string; name: string | null; hue: number | null }
  | { type: "at"; page: number | null }
  | { type: "point"; row: number | null; column: number | null }
  | { type: "present" }
  | { type: "ask_wheel" }
  | { type: "hand"; member: string | null }
  | { type: "restore"; document: string }
  | { type: "delete" }
  | { type: "renew"; both?: boolean }
  | { type: "remove"; member: string };
