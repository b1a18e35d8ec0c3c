import assert from "node:assert/strict";
import { test } from "node:test";

import { cut, visible } from "../../static/js/celltext.js";

test("text without hidden characters is shown as it is", () => {
  for (const text of ["", " a  b ", "Zürich", "القاهرة", "👩‍👩‍👧", "<b>&amp;</b>"]) assert.equal(visible(text), text);
});

test("hidden characters become signs", () => {
  const shown = (text, keep) =>
    visible(text, keep)
      .map(({ text: part, sign }) => (sign ? `[${part}]` : part))
      .join("");
  assert.equal(shown("a\nb\r\n\u0000"), "a[LF]b[CR][LF][NUL]");
  assert.equal(shown("\u001f\u007f\u0085"), "[US][U+007F][U+0085]");
  assert.equal(shown("cod.\u202Eexe\u2066\ufeff\u200b"), "cod.[U+202E]exe[U+2066][U+FEFF][U+200B]");
  assert.equal(shown("a\nb\u0007", "\n"), "a\nb[BEL]");
});

test("long text is cut, never inside a surrogate pair", () => {
  assert.equal(cut("abc", 3), "abc");
  assert.equal(cut("abcd", 3), "abc…");
  assert.equal(cut("ab😀d", 3), "ab…");
  assert.equal(cut("ab😀d", 4), "ab😀…");
});
