"""A real Firefox without a window, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/)."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from tests.support.client import WAIT_SECONDS
from tests.support.programs import required
from tests.support.tab import Engine, ScriptError, Tab

VIEWPORT = {"width": 1280, "height": 800}

NOWHERE = "127.0.0.1"
NOTHING_LISTENS = 9
"""The discard port. Firefox reaches loopback addresses without the proxy, and everything else through it."""

PREFERENCES = {
    # Firefox looks for updates, settings, portals and lists of bad sites by itself: no such request may leave.
    "network.proxy.type": 1,
    "network.proxy.http": NOWHERE,
    "network.proxy.http_port": NOTHING_LISTENS,
    "network.proxy.ssl": NOWHERE,
    "network.proxy.ssl_port": NOTHING_LISTENS,
    "network.proxy.failover_direct": False,
    "network.trr.mode": 5,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.update.enabled": False,
    "browser.startup.page": 0,
    "browser.aboutwelcome.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
    # Every window behaves as the one that has the focus: each belongs to another person.
    "focusmanager.testmode": True,
    "toolkit.cosmeticAnimations.enabled": False,
}

REPORT_VIOLATIONS = """() => addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
})"""


class Firefox(Engine):
    """One Firefox process with a profile of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        profile = folder / "profile"
        profile.mkdir()
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
        (profile / "user.js").write_text("".join(lines))
        self._process = subprocess.Popen(
            [
                required("firefox-esr", "firefox"),
                "--headless",
                "--no-remote",
                "--profile",
                str(profile),
                "--remote-debugging-port",
                "0",
            ],
            # Firefox refuses a home directory of another user, such as root's.
            env={**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._log: list[str] = []
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._ids = itertools.count(1)
        self._tabs: dict[str, FirefoxTab] = {}
        self._socket = None
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._log.append(line)
            if "WebDriver BiDi listening on" in line:
                self._listening.set()
        self._listening.set()

    def _connect(self) -> None:
        self._listening.wait(WAIT_SECONDS)
        found = re.search(r"WebDriver BiDi listening on (\S+)", "".join(self._log))
        assert found, f"Firefox did not start:\n{''.join(self._log)}"
        self._socket = connect(f"{found[1]}/session", proxy=None, max_size=None, open_timeout=WAIT_SECONDS).__enter__()
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])
        self.call("script.addPreloadScript", functionDeclaration=REPORT_VIOLATIONS)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; events that arrive before it are handed to their tabs."""
        assert self._socket is not None
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(WAIT_SECONDS))
            if message.get("id") == number:
                if message["type"] == "error":
                    raise ScriptError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]
            if message.get("method") == "log.entryAdded":
                self._hand_over(message["params"])

    def _hand_over(self, entry: dict[str, Any]) -> None:
        tab = self._tabs.get(entry["source"].get("context", ""))
        if tab is not None and entry["level"] == "error":
            tab.reported.append(entry["text"] or "an error without a message")

    def open_tab(self) -> FirefoxTab:
        """Open a window of a user context of its own: a tab in the background would be throttled."""
        user_context = self.call("browser.createUserContext")["userContext"]
        context = self.call("browsingContext.create", type="window", userContext=user_context)["context"]
        self.call("browsingContext.setViewport", context=context, viewport=VIEWPORT)
        tab = self._tabs[context] = FirefoxTab(self, context)
        return tab

    def close(self) -> None:
        """End Firefox, and kill it if it does not end."""
        try:
            if self._socket is not None:
                self.call("browser.close")
                self._socket.close()
                self._process.wait(WAIT_SECONDS)
        finally:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._reader.join(WAIT_SECONDS)
            assert self._process.stderr is not None
            self._process.stderr.close()


class FirefoxTab(Tab):
    """A window of Firefox."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self.reported: list[str] = []
        self._firefox = firefox
        self._context = context

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._firefox.call(method, context=self._context, **params)

    def go(self, url: str) -> None:
        """Load a page."""
        self._call("browsingContext.navigate", url=url, wait="complete")

    def reload(self) -> None:
        """Load the same page again."""
        self._call("browsingContext.reload", wait="complete")

    def run(self, script: str) -> str:
        """Run a script."""
        outcome = self._firefox.call(
            "script.evaluate",
            expression=f"(() => {{ {script} }})()",
            target={"context": self._context},
            awaitPromise=False,
        )
        if outcome["type"] == "exception":
            raise ScriptError(outcome["exceptionDetails"]["text"])
        return outcome["result"]["value"]

    def perform(self, source: dict[str, Any]) -> None:
        """Perform actions."""
        # A tab in the background has no focus events.
        self._call("browsingContext.activate")
        self._call("input.performActions", actions=[source])

    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file."""
        nodes = self._call("browsingContext.locateNodes", locator={"type": "css", "value": selector})["nodes"]
        self._call("input.setFiles", element={"sharedId": nodes[0]["sharedId"]}, files=[str(path)])

    def take_complaints(self) -> list[str]:
        """Return the errors in the console."""
        self._firefox.call("session.status")  # Events that happened before are sent before its answer.
        reported, self.reported = self.reported, []
        return reported
