import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: [".venv/", "static/built/", "tests/artifacts/", "data/"] },
  js.configs.recommended,
  { rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error" } },
  // Cells hold control characters, and the viewer looks for them.
  { rules: { "no-control-regex": "off" } },
  { files: ["static/js/**/*.js"], languageOptions: { globals: globals.browser } },
  // Parsed also by browsers that have no modules.
  {
    files: ["static/js/first.js"],
    languageOptions: { sourceType: "script", ecmaVersion: 5 },
    rules: { "no-var": "off", "prefer-const": "off", "no-unused-vars": ["error", { caughtErrors: "none" }] },
  },
  { files: ["tests/**/*.js"], languageOptions: { globals: { ...globals.browser, ...globals.node } } },
];
