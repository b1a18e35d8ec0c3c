/** Wire events for tests, with everything that a test does not name. */

export const EPOCH = "e1";

export function tableOf(changes = {}) {
  return {
    document: "d1",
    name: "flights.tsv",
    size: 1000,
    reading: "r1",
    growing: false,
    rows: 250,
    columns: 3,
    dialect: { encoding: "utf-8", delimiter: "\t", quoting: false, row_end: "\n", header: true, bom: 0 },
    chosen: [],
    provisional: false,
    reasons: {},
    report: {},
    ...changes,
  };
}

export function snapshotOf(changes = {}, table = {}) {
  return {
    type: "snapshot",
    epoch: EPOCH,
    revision: 1,
    page: 1,
    pages: 3,
    table: table && tableOf(table),
    header: ["a", "b", "c"],
    first_row: 1,
    first_column: 0,
    data: [
      ["a", "b", "c"],
      ["1", "x", ""],
      ["2", "y"],
    ],
    clipped: [],
    upload: null,
    notice: null,
    by: null,
    presenter: null,
    pointed: null,
    former: [],
    ...changes,
  };
}

export function uploadOf(stored, changes = {}) {
  return { upload: "u1", name: "new.tsv", size: 1000, stored, by: null, ...changes };
}

export function pageOf(changes = {}) {
  const { page, pages, header, first_row, first_column, data, clipped } = snapshotOf();
  return { type: "page", ask: 1, reading: "r1", rows: 250, page, pages, header, first_row, first_column, data, clipped, ...changes };
}
