import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const ROOT = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const scripts = readdirSync(new URL("static/js", ROOT)).filter((name) => name.endsWith(".js"));
const sheets = readdirSync(new URL("static/css", ROOT));
const page = read("templates/viewer.html");

/** The modules of ours that one imports before it runs, and theirs, and so on. */
function imported(path, found = new Set([path])) {
  for (const [, name] of read(path).matchAll(/^import(?:[^"]*? from )?"(\.[^"]+)";$/gm)) {
    const next = new URL(name, `file:///${path}`).pathname.slice(1);
    if (!found.has(next)) imported(next, found.add(next));
  }
  return found;
}

/** The built file of each source, and what it imports. */
const built = Object.entries(JSON.parse(read("static/built/meta.json")).outputs);
const fileOf = (source) => built.find(([, output]) => output.entryPoint === source)[0];

/** The built files that a script needs before it runs. */
function needed(file, found = new Set([file])) {
  for (const { path, kind } of built.find(([name]) => name === file)[1].imports) {
    if (kind === "import-statement" && !found.has(path)) needed(path, found.add(path));
  }
  return [...found];
}

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

test("what the first screen loads is under 25 KB when packed, and the whole viewer under 60", (context) => {
  const first = [
    "templates/viewer.html",
    ...["static/favicon.svg", "static/js/first.js", "static/css/viewer.css"].map(fileOf),
    ...needed(fileOf("static/js/main.js")),
  ];
  const later = ["static/css/workbench.css", "static/js/workbench.js"].map(fileOf);
  const packed = (files) => files.reduce((sum, file) => sum + gzipSync(read(file)).length, 0);
  context.diagnostic(`${first.length} files, ${packed(first)} bytes; ${later.length} more, ${packed(later)} bytes`);
  assert.ok(packed(first) < 25_000, `${packed(first)} bytes`);
  assert.ok(packed(first) + packed(later) < 60_000, `${packed(first) + packed(later)} bytes`);
});

test("what starts the viewer is built in the syntax of browsers that have no modules", () => {
  assert.doesNotMatch(read(fileOf("static/js/first.js")), /=>|\b(?:let|const|import|export|class)\b|`/);
});

test("what a browser might lack is not written in another way by the build", () => {
  const sheets = ["viewer", "workbench"].map((name) => read(fileOf(`static/css/${name}.css`)));
  for (const sheet of sheets) assert.doesNotMatch(sheet.replaceAll(":is(:popover-open)", ""), /:popover-open|light-dark\(/);
  assert.match(sheets.join(""), /:is\(:popover-open\)/);
});
