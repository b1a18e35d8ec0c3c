"""WebKitGTK's MiniBrowser, which has Safari's engine, driven by WebDriver (https://www.w3.org/TR/webdriver2/)."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from tests.support.client import WAIT_SECONDS
from tests.support.programs import required
from tests.support.server import free_port
from tests.support.tab import Engine, ScriptError, Tab
from tests.support.waiting import wait_until

SCREEN = "1400x1000x24"
WINDOW = {"x": 0, "y": 0, "width": 1280, "height": 900}

WATCH = """
window.reported = [];
const report = (text) => void window.reported.push(String(text));
addEventListener("error", ({ message }) => report(message));
addEventListener("unhandledrejection", ({ reason }) => report(reason));
addEventListener("securitypolicyviolation", (event) => report(`${event.violatedDirective} ${event.blockedURI}`));
console.error = (...parts) => report(parts.join(" "));
return "";
"""
"""A driver of WebKitGTK tells nothing of the console, and runs no script before those of the page."""


class WebKit(Engine):
    """An X server without a screen, on which each tab is a MiniBrowser of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tabs: list[WebKitTab] = []
        self._driver = required("WebKitWebDriver")
        reading, writing = os.pipe()
        self._display = subprocess.Popen(
            [required("Xvfb"), "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as answer:
            self._number = answer.readline().strip()
        assert self._number, "Xvfb did not start"

    def open_tab(self) -> WebKitTab:
        """Start another driver with its browser: a driver has one session."""
        home = self._folder / str(len(self._tabs))
        home.mkdir(mode=0o700)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("XDG_") and name not in ("WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")
        }
        tab = WebKitTab(
            self._driver,
            {
                **inherited,
                "DISPLAY": f":{self._number}",
                "GDK_BACKEND": "x11",
                "HOME": str(home),
                "XDG_RUNTIME_DIR": str(home),
                # No accessibility bus, settings daemon or graphics card is there to be asked.
                "NO_AT_BRIDGE": "1",
                "GSETTINGS_BACKEND": "memory",
                "GIO_USE_VFS": "local",
                "LIBGL_ALWAYS_SOFTWARE": "1",
            },
        )
        self._tabs.append(tab)
        return tab

    def close(self) -> None:
        """End the browsers, and then the X server."""
        with ExitStack() as ends:
            ends.callback(self._display.wait, WAIT_SECONDS)
            ends.callback(self._display.terminate)
            for tab in self._tabs:
                ends.callback(tab.close)


class WebKitTab(Tab):
    """A MiniBrowser with its driver."""

    def __init__(self, driver: str, environ: dict[str, str]) -> None:
        self._reported: list[str] = []
        self._port = free_port()
        self._session = ""
        self._process = subprocess.Popen(
            [driver, f"--port={self._port}"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until(self._answers)
            self._session = self._call("POST", "/session", {"capabilities": {}})["sessionId"]
            self._command("window/rect", WINDOW)
        except BaseException:
            self.close()
            raise

    def _answers(self) -> bool:
        with suppress(OSError):
            return self._call("GET", "/status")["ready"]
        return False

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=WAIT_SECONDS)) as connection:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            value = json.loads(response.read())["value"]
        if response.status != 200:
            raise ScriptError(f"{path}: {value['error']}: {value['message']}")
        return value

    def _command(self, name: str, body: dict[str, Any]) -> Any:
        return self._call("POST", f"/session/{self._session}/{name}", body)

    def go(self, url: str) -> None:
        """Load a page."""
        self._command("url", {"url": url})
        self.run(WATCH)

    def reload(self) -> None:
        """Load the same page again."""
        self._reported = self.take_complaints()
        self._command("refresh", {})
        self.run(WATCH)

    def run(self, script: str) -> str:
        """Run a script."""
        return self._command("execute/sync", {"script": script, "args": []})

    def perform(self, source: dict[str, Any]) -> None:
        """Perform actions."""
        self._command("actions", {"actions": [source]})

    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file."""
        found = self._command("element", {"using": "css selector", "value": selector})
        (element,) = found.values()
        self._command(f"element/{element}/value", {"text": str(path)})

    def take_complaints(self) -> list[str]:
        """Return the errors in the console; those from before the `load` event are not seen."""
        self._reported += self.evaluate("window.reported?.splice(0) ?? []")
        reported, self._reported = self._reported, []
        return reported

    def close(self) -> None:
        """End the browser and its driver, and kill what does not end."""
        try:
            if self._session:
                self._call("DELETE", f"/session/{self._session}")
        finally:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
