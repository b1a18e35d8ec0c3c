/**
 * Lets a file in: dropped anywhere on the page, chosen with the browser's own dialog, or pasted as cells.
 */

/**
 * Make the whole page a place to drop a file.
 * @param {object} options
 * @param {(files: File[]) => void} options.onFiles
 * @param {(dragging: boolean) => void} options.onDragging
 */
export function acceptDrops({ onFiles, onDragging }) {
  // Entering a child comes before leaving its parent: only a count says when the pointer has left the page.
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!bringsFile(event)) return;
    event.preventDefault();
    depth += 1;
    if (depth === 1) onDragging(true);
  });
  addEventListener("dragover", (event) => {
    if (!bringsFile(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", (event) => {
    if (!bringsFile(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) onDragging(false);
  });
  addEventListener("drop", (event) => {
    if (!bringsFile(event)) return;
    event.preventDefault();
    depth = 0;
    onDragging(false);
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
}

/**
 * Take cells that are pasted, but not into a field, as a file.
 * @param {(file: File, size: {rows: number, columns: number}) => void} onCells
 */
export function acceptPaste(onCells) {
  addEventListener("paste", (event) => {
    const field = event.target instanceof Element && event.target.closest("input, select, textarea, dialog");
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const size = pasted(text);
    if (field || size === null) return;
    event.preventDefault();
    onCells(new File([text], "pasted.tsv", { type: "text/tab-separated-values" }), size);
  });
}

/** @param {DragEvent} event */
function bringsFile({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ?? false;
}

/**
 * Listen to a file input; choosing the same file again counts, and so does a file chosen before this script came.
 * @param {HTMLInputElement} input
 * @param {(files: File[]) => void} onFiles
 */
export function acceptChoice(input, onFiles) {
  input.addEventListener("change", take);
  take();

  function take() {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length > 0) onFiles(files);
  }
}

/**
 * Say how large pasted text is as a table; null if it is a word or a sentence and no table. (PURE)
 * @param {string} text
 */
export function pasted(text) {
  const lines = text.replace(/\r?\n$/, "").split(/\r\n|\n|\r/);
  const columns = lines.slice(0, 100).reduce((most, line) => Math.max(most, line.split("\t").length), 0);
  return lines.length < 2 && columns < 2 ? null : { rows: lines.length, columns };
}
