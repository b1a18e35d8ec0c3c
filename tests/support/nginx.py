"""A real nginx for tests: the project's own files, on a free port, in front of what is told."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.server import free_port
from tools import nginx_conf

CONF = nginx_conf.CONF
WAIT_SECONDS = 40


def nginx_program() -> str:
    """Find nginx; without it skip, but fail where everything has to be there."""
    program = nginx_conf.nginx_program()
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("nginx is not installed")
    return program


class Nginx:
    """Run nginx on the project's files, but for port, paths and upstream, which is a port or several Unix sockets."""

    def __init__(
        self, directory: Path, upstream: int | Sequence[Path], main: str = "", names: str = nginx_conf.ANY_NAME
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self._access_log = directory / "access.log"
        self._error_log = directory / "error.log"
        program = nginx_program()
        directory.mkdir()
        options = nginx_conf.write(
            directory,
            f"127.0.0.1:{self.port}",
            f"127.0.0.1:{upstream}" if isinstance(upstream, int) else [f"unix:{path}" for path in upstream],
            access_log=self._access_log,
            error_log=self._error_log,
            main=f"{main} error_log stderr notice;",
            names=names,
        )
        self.command = [program, *options]
        self._process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        self._wait_until_listening()

    def _wait_until_listening(self) -> None:
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if "start worker process " in line:
                return
        pytest.fail("nginx did not start:\n" + "".join(said))

    @property
    def pid(self) -> int:
        """Return the process id of the master."""
        return self._process.pid

    def get(self, path: str, source: str = "127.0.0.1", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        """Answer a GET from the address `source`; in names of headers `_` stands for `-`."""
        with closing(
            http.client.HTTPConnection("127.0.0.1", self.port, WAIT_SECONDS, source_address=(source, 0))
        ) as connection:
            connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            return response, response.read()

    def logs(self) -> tuple[str, str]:
        """Let nginx end what it has under way, and return what it has written: the access log and the error log."""
        self.stop(signal.SIGQUIT)
        return self._access_log.read_text(), self._error_log.read_text() + self._said

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop nginx and wait for its end."""
        if self._process.returncode is None:
            self._process.send_signal(number)
            _, self._said = self._process.communicate(timeout=WAIT_SECONDS)
