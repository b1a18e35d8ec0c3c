import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const ROOT = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const scripts = readdirSync(new URL("static/js", ROOT)).filter((name) => name.endsWith(".js"));
const sheets = readdirSync(new URL("static/css", ROOT));
const page = read("templates/viewer.html");

/** The modules that one imports before it runs, and theirs, and so on. */
function imported(path, found = new Set([path])) {
  for (const [, name] of read(path).matchAll(/^import(?:[^"]*? from )?"([^"]+)";$/gm)) {
    const next = name.startsWith("/") ? name.slice(1) : new URL(name, `file:///${path}`).pathname.slice(1);
    if (!found.has(next)) imported(next, found.add(next));
  }
  return found;
}

test("the page names beforehand all that the first screen imports, and nothing else", () => {
  const [ours, vendored] = [...page.matchAll(/for module in \[([^\]]*)\]/g)].map(([, list]) => list.match(/[\w/-]+/g));
  const named = ours.map((name) => `static/js/${name}.js`);
  assert.deepEqual(
    [...named, ...vendored.map((name) => `static/vendor/lit-html/${name}.js`)].sort(),
    [...imported("static/js/main.js")].sort(),
  );
});

test("the README states the browser versions that the page does", () => {
  const words = (text) => text.replaceAll(/\s+/g, " ");
  const [, versions] = words(page).match(/Tables open in ([^<]*), and later versions\./);
  assert.match(versions, /Chrome.* \d+, Firefox \d+, Safari \d+/);
  assert.ok(words(read("README.md")).includes(versions), versions);
});

test("colours and popovers need nothing that a supported browser may lack", () => {
  for (const sheet of sheets) {
    const source = read(`static/css/${sheet}`).replaceAll(/\/\*.*?\*\//gs, "");
    assert.doesNotMatch(source, /light-dark\(/, sheet);
    assert.doesNotMatch(source.replaceAll(":is(:popover-open)", ""), /:popover-open/, sheet);
  }
  for (const name of scripts) {
    assert.doesNotMatch(read(`static/js/${name}`).replaceAll(":is(:popover-open)", ""), /:popover-open/, name);
  }
});

test("every module is used", () => {
  const used = new Set(["first", "main", "workbench"].flatMap((name) => [...imported(`static/js/${name}.js`)]));
  assert.deepEqual(
    scripts.filter((name) => !used.has(`static/js/${name}`)),
    [],
  );
});

test("there is no inline script or style, and no address but our own", () => {
  for (const source of [page, read("templates/error.html")]) {
    assert.doesNotMatch(source, /<style|style=|<script(?![^>]*src=)|https?:|\son\w+=/);
  }
});

test("text gets into the document by bindings alone", () => {
  for (const name of scripts) {
    assert.doesNotMatch(
      read(`static/js/${name}`),
      /innerHTML|outerHTML|insertAdjacentHTML|unsafeHTML|document\.write|eval\(|style="\$/,
      name,
    );
  }
});

test("what the first screen loads is under 40 KB when packed", (context) => {
  const files = [
    "templates/viewer.html",
    "static/favicon.svg",
    "static/js/first.js",
    ...imported("static/js/main.js"),
    ...page.match(/for sheet in \[([^\]]*)\]/)[1].match(/\w+/g).map((name) => `static/css/${name}.css`),
  ];
  const total = files.reduce((sum, file) => sum + gzipSync(read(file)).length, 0);
  context.diagnostic(`${files.length} files, ${total} bytes`);
  assert.ok(total < 40_000, `${total} bytes`);
});
