/**
 * PURE: what the address of the page says beside the room: `?page=48` is a page that I look at alone, `#row=4801` a
 * row of the file that is marked.
 */

const ROW = /^#row=([1-9]\d{0,14})$/;

/**
 * Read a page's address.
 * @param {{search: string, hash: string}} address
 * @returns {{page: number | null, row: number | null}}
 */
export function placeIn({ search, hash }) {
  const page = Number(new URLSearchParams(search).get("page"));
  const row = ROW.exec(hash)?.[1];
  return { page: Number.isSafeInteger(page) && page > 0 ? page : null, row: row === undefined ? null : Number(row) };
}

/**
 * Write a page's address after its path.
 * @param {number | null} page
 * @param {number | null} row
 */
export function addressOf(page, row) {
  return `${page === null ? "" : `?page=${page}`}${row === null ? "" : `#row=${row}`}`;
}
