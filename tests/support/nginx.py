"""A real nginx for tests: the project's own tsvapp.conf, on a free port, in front of any other port."""

from __future__ import annotations

import http.client
import os
import pwd
import re
import shutil
import signal
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.server import ROOT, free_port

CONF = ROOT / "nginx" / "tsvapp.conf"
WAIT_SECONDS = 40


def nginx_program() -> str:
    """Find nginx, also where only root looks; without it skip, but fail where everything has to be there."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("nginx is not installed")
    return program


class Nginx:
    """Run nginx on tsvapp.conf as it is, but for its port, paths and upstream."""

    def __init__(self, directory: Path, upstream_port: int, main: str = "") -> None:
        self._main = main
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self._access_log = directory / "access.log"
        self._error_log = directory / "error.log"
        program = nginx_program()
        directory.mkdir()
        (directory / "tsvapp.conf").write_text(self._substituted(upstream_port))
        (directory / "nginx.conf").write_text(self._wrapper())
        self.command = [program, "-p", str(directory), "-e", "stderr", "-c", "nginx.conf"]
        self._process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        self._wait_until_listening()

    def _substituted(self, upstream_port: int) -> str:
        text = CONF.read_text()
        for old, new in {
            "listen 80 sndbuf=256k;": f"listen 127.0.0.1:{self.port} sndbuf=256k;",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream_port};",
            "root /srv/tsvapp;": f"root {ROOT};",
            "access_log /var/log/nginx/tsvapp.access.log ": f"access_log {self._access_log} ",
            "error_log /var/log/nginx/tsvapp.error.log ": f"error_log {self._error_log} ",
        }.items():
            assert len(re.findall(rf"^ *{re.escape(old)}", text, re.MULTILINE)) == 1, f"{old!r} is not in {CONF.name}"
            text = re.sub(rf"^( *){re.escape(old)}", lambda found, new=new: found[1] + new, text, flags=re.MULTILINE)
        return text

    def _wrapper(self) -> str:
        # The workers of a root's nginx would be another user, who may not read the checkout.
        user = f"user {pwd.getpwuid(0).pw_name};" if os.getuid() == 0 else ""
        temporary = "\n".join(
            f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
            {user}
            {self._main}
            daemon off;
            pid nginx.pid;
            error_log stderr notice;
            events {{}}
            http {{
                include /etc/nginx/mime.types;
                {temporary}
                include tsvapp.conf;
            }}
        """

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
