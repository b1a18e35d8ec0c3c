import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: [".venv/", "static/vendor/", "tests/artifacts/", "data/"] },
  js.configs.recommended,
  { rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" } },
  // Cells hold control characters, and the viewer looks for them.
  { rules: { "no-control-regex": "off" } },
  { files: ["static/js/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["tests/**/*.js"], languageOptions: { globals: { ...globals.browser, ...globals.node } } },
];
