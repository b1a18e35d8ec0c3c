/**
 * PURE: the tables that were opened in this browser lately, as it keeps them for the start page.
 *
 * @typedef {{id: string, name: string, day: string}} Recent one by its address's id; `day` as YYYY-MM-DD
 */

const MOST = 5;

/** Read what is kept. @param {string | null} text @returns {Recent[]} the latest first */
export function recentOf(text) {
  try {
    const kept = JSON.parse(text ?? "[]");
    return Array.isArray(kept) ? kept.filter(isRecent).slice(0, MOST) : [];
  } catch {
    return []; // not ours
  }
}

/** Put one first; the same list if it is. @param {Recent[]} tables @param {Recent} table */
export function withFirst(tables, table) {
  const [first] = tables;
  const same = first?.id === table.id && first.name === table.name && first.day === table.day;
  return same ? tables : [table, ...without(tables, table.id)].slice(0, MOST);
}

/** Leave one out. @param {Recent[]} tables @param {string | null} id */
export function without(tables, id) {
  return tables.filter((each) => each.id !== id);
}

/** @param {unknown} given @returns {given is Recent} */
function isRecent(given) {
  const { id, name, day } = /** @type {Record<string, unknown>} */ (given ?? {});
  return typeof id === "string" && /^[0-9a-f-]{36}$/.test(id) && typeof name === "string" && typeof day === "string";
}
