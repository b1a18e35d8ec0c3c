"""One browser tab, driven the same way in every engine.

Each engine implements the few abstract methods with its own protocol; everything a test does is built on them here.
Mouse and keyboard input goes through the engine's own event handling: both protocols share the format of actions
(WebDriver, section 17; WebDriver BiDi, `input.performActions`).
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from tests.support.client import WAIT_SECONDS

KEYS = {
    "Enter": "\ue007",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Escape": "\ue00c",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}
"""Keys that type no character (WebDriver, section 17.4.2)."""

POLL_SECONDS = 0.05

HELPERS = """
const visible = (selector, text = "") => [...document.querySelectorAll(selector)].find(
  (element) => element.checkVisibility() && element.textContent.includes(text));
const named = (selector, name) => [...document.querySelectorAll(selector)].find(
  (element) => element.checkVisibility() && (element.ariaLabel ?? element.textContent).trim() === name);
const middle = (element) => {
  if (!element || element.disabled || element.ariaDisabled === "true") return null;
  element.scrollIntoView({ block: "nearest", inline: "nearest" });
  const { left, top, width, height } = element.getBoundingClientRect();
  const point = [Math.round(left + width / 2), Math.round(top + height / 2)];
  return element.contains(document.elementFromPoint(...point)) ? point : null;
};
"""


class ScriptError(Exception):
    """A script failed, or its page went away while it ran."""


class Tab(ABC):
    """A tab of one person's browser: storage and cookies are its own."""

    @abstractmethod
    def go(self, url: str) -> None:
        """Load a page and wait for its `load` event."""

    @abstractmethod
    def reload(self) -> None:
        """Load the same page again and wait for its `load` event."""

    @abstractmethod
    def run(self, script: str) -> str:
        """Run the body of a function in the page and return the string that it returns; raise ScriptError."""

    @abstractmethod
    def perform(self, source: dict[str, Any]) -> None:
        """Perform the actions of one input source."""

    @abstractmethod
    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file in a file input."""

    @abstractmethod
    def take_complaints(self) -> list[str]:
        """Return the errors that the console has reported since the last call."""

    def leave(self) -> None:
        """Become as good as new for another test: leave the page and forget what it has stored."""
        self.evaluate("[localStorage.clear(), sessionStorage.clear()]")
        self.go("about:blank")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; HELPERS are in scope."""
        return json.loads(self.run(f"{HELPERS} return JSON.stringify({expression}) ?? 'null'"))

    def wait_for(self, expression: str) -> Any:
        """Wait until a JavaScript expression is truthy and return its value; fail with what the page shows."""
        until = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                if value := self.evaluate(expression):
                    return value
            except ScriptError as error:  # Between two pages there is nothing to run a script in.
                value = error
            if time.monotonic() > until:
                shown = self.evaluate("[location.href, document.body.innerText.slice(0, 600)]")
                raise AssertionError(
                    f"{expression} is still {value!r}; the page shows {shown}, the console {self.take_complaints()}"
                )
            time.sleep(POLL_SECONDS)

    def shows(self, selector: str, text: str = "") -> None:
        """Wait until a visible element has this text in it."""
        self.wait_for(f"!!visible({json.dumps(selector)}, {json.dumps(text)})")

    def hides(self, selector: str) -> None:
        """Wait until no such element is visible."""
        self.wait_for(f"!visible({json.dumps(selector)})")

    def click(self, selector: str, name: str | None = None) -> None:
        """Click the middle of an element once it is visible, enabled, uncovered and at rest.

        With `name`, of several elements the one with this label or text.
        """
        quoted = json.dumps(selector)
        found = f"visible({quoted})" if name is None else f"named({quoted}, {json.dumps(name)})"
        former = None
        while (point := self.wait_for(f"middle({found})")) != former:
            former = point
        self.click_at(*point)

    def click_at(self, x: int, y: int) -> None:
        """Click a point of the viewport, in CSS pixels."""
        move = {"type": "pointerMove", "x": x, "y": y}
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.perform(
            {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move, *press]}
        )

    def press(self, *keys: str) -> None:
        """Press keys together, and release them; each is a character or a name in KEYS."""
        codes = [KEYS.get(key, key) for key in keys]
        downs = [{"type": "keyDown", "value": code} for code in codes]
        ups = [{"type": "keyUp", "value": code} for code in reversed(codes)]
        self.perform({"type": "key", "id": "keyboard", "actions": downs + ups})

    def type(self, text: str) -> None:
        """Press one key after the other."""
        for character in text:
            self.press(character)


class Engine(ABC):
    """A browser engine that opens tabs; `close` ends all that it started."""

    @abstractmethod
    def open_tab(self) -> Tab:
        """Open an empty tab that shares no storage with the others."""

    @abstractmethod
    def close(self) -> None:
        """End the browser with all of its tabs."""
