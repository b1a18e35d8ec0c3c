/**
 * Starts the viewer if this browser has what it needs, or else says so.
 * A classic script in old syntax: it runs where modules do not.
 */
(function () {
  var old = /** @type {HTMLElement} */ (document.getElementById("old"));
  var modules = /** @type {HTMLTemplateElement} */ (document.getElementById("modules"));
  try {
    new DecompressionStream("deflate-raw");
    if (!("noModule" in HTMLScriptElement.prototype && "showModal" in HTMLDialogElement.prototype)) throw old;
    if (!("showPopover" in HTMLElement.prototype)) throw old;
  } catch (missing) {
    /** @type {HTMLElement} */ (old.previousElementSibling).hidden = true;
    old.hidden = false;
    // The page of every room is the same, so the id is taken from the address.
    var download = old.querySelector("a");
    if (download) download.href = location.pathname.replace(/.*\//, "") + ".tsv";
    return;
  }
  function start() {
    document.head.appendChild(modules.content);
  }
  // The start page is painted before its scripts are fetched: it can be used without them, and they take 40 ms from it.
  if (modules.className) start();
  else requestAnimationFrame(function () { setTimeout(start); });
})();
