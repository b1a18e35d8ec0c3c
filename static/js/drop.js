/**
 * Lets a file in: dropped anywhere on the page, or chosen with the browser's own dialog.
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

/** @param {DragEvent} event */
function bringsFile({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ?? false;
}

/**
 * Listen to a file input; choosing the same file again counts.
 * @param {HTMLInputElement} input
 * @param {(files: File[]) => void} onFiles
 */
export function acceptChoice(input, onFiles) {
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length > 0) onFiles(files);
  });
}
