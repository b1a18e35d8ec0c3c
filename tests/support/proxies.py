"""Real proxies for tests: the configurations in docs/deploy.md as they stand, but for ports, paths and the upstream.

What is changed is what an operator changes; what is added is the least that a configuration of the distribution has
around it.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.server import ROOT, free_port
from tests.support.waiting import wait_until

STOP_SECONDS = 20
APACHE_MODULES = ("mpm_event", "authz_core", "proxy", "proxy_http", "headers", "ssl")

HAPROXY_DEFAULTS = """
defaults
    mode http
    timeout connect 5000
    timeout client {milliseconds}
    timeout server {milliseconds}
"""
"""As Debian ships it, but for files of its own."""


class Certificate(NamedTuple):
    """Hold a certificate for 127.0.0.1, its key, and both in one file."""

    certificate: Path
    key: Path
    both: Path

    def context(self) -> ssl.SSLContext:
        """Return what a client trusts that has only this certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))


def program(name: str) -> str:
    """Find a program; without it skip, but fail where everything has to be there."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{name} is not installed")
    return found


def make_certificate(directory: Path) -> Certificate:
    """Make a self-signed certificate that is valid for a day."""
    made = Certificate(directory / "tls.crt", directory / "tls.key", directory / "tls.pem")
    subprocess.run(
        [
            *(program("openssl"), "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
        ],
        check=True,
        capture_output=True,
    )
    made.both.write_bytes(made.certificate.read_bytes() + made.key.read_bytes())
    return made


def snippet(kind: str) -> str:
    """Return the configuration in docs/deploy.md that stands behind "```" and `kind`."""
    found = re.findall(rf"^```{re.escape(kind)}\n(.*?)^```$", (ROOT / "docs" / "deploy.md").read_text(), re.M | re.S)
    assert len(found) == 1, f"{kind} stands {len(found)} times in docs/deploy.md"
    return found[0]


def changed(text: str, changes: dict[str, str]) -> str:
    """Return `text` with each of these strings, which stand in it once, replaced."""
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in:\n{text}"
        text = text.replace(old, new)
    return text


class Proxy:
    """Run a proxy in front of a port of this machine, plain on one port and with TLS on another."""

    def __init__(self, kind: str, directory: Path, upstream: int, certificate: Certificate, path: str = "/") -> None:
        self.kind = kind
        self.directory = directory
        self.upstream = f"127.0.0.1:{upstream}"
        self.certificate = certificate
        self.plain, self.tls = free_port(), free_port()
        self.path = path
        directory.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, scheme: str) -> str:
        """Return the address of the site, without a slash at its end."""
        port = self.tls if scheme in ("https", "wss") else self.plain
        return f"{scheme}://127.0.0.1:{port}{self.path.rstrip('/')}"

    def origin(self, scheme: str) -> str:
        """Return the origin of the site's pages."""
        return self.url(scheme).removesuffix(self.path.rstrip("/"))

    def start(self, change: Callable[[str], str] = lambda text: text) -> None:
        """Start on the configuration, changed as a test wishes, and wait until both ports answer."""
        command, configuration = COMMANDS[self.kind](self)
        name, text = configuration
        (self.directory / name).write_text(change(text))
        log = self.directory / "stderr"
        environ = {**os.environ, "HOME": str(self.directory), "XDG_DATA_HOME": str(self.directory)}
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, cwd=self.directory, env=environ, stdout=output, stderr=output)

        def answers() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, f"{self.kind} did not start:\n{log.read_text()}"
            return _listens(self.plain) and _listens(self.tls)

        wait_until(answers)

    def stop(self) -> None:
        """Stop the proxy and wait for its end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)
            self._process = None


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


Started = tuple[list[str], tuple[str, str]]
"""A command, and the name and text of its configuration."""


def _caddy(proxy: Proxy) -> Started:
    head = "tsvapp.example.org {" if proxy.path == "/" else "example.org {"
    kind = "caddy" if proxy.path == "/" else "caddy below-a-path"
    _, key, _ = proxy.certificate
    text = changed(snippet(kind), {"127.0.0.1:8000": proxy.upstream})
    plain = changed(text, {head: f"http://127.0.0.1:{proxy.plain} {{"})
    tls = changed(text, {head: f"https://127.0.0.1:{proxy.tls} {{\n    tls {proxy.certificate.certificate} {key}"})
    around = "{\n    admin off\n    auto_https off\n}\n"
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", "Caddyfile"], (
        "Caddyfile",
        around + plain + tls,
    )


def _haproxy(proxy: Proxy) -> Started:
    text = changed(
        snippet("haproxy"),
        {
            "bind :80": f"bind 127.0.0.1:{proxy.plain}",
            "bind :443 ssl crt /etc/haproxy/tsvapp.pem": f"bind 127.0.0.1:{proxy.tls} ssl crt {proxy.certificate.both}",
            "127.0.0.1:8000": proxy.upstream,
        },
    )
    defaults = HAPROXY_DEFAULTS.format(milliseconds=50_000)
    return [program("haproxy"), "-db", "-f", "haproxy.cfg"], ("haproxy.cfg", defaults + text)


def _apache(proxy: Proxy) -> Started:
    tls = changed(
        snippet("apache"),
        {
            "*:443": f"127.0.0.1:{proxy.tls}",
            "/etc/ssl/tsvapp.crt": str(proxy.certificate.certificate),
            "/etc/ssl/tsvapp.key": str(proxy.certificate.key),
            "127.0.0.1:8000": proxy.upstream,
        },
    )
    without = "".join(line for line in tls.splitlines(keepends=True) if "SSL" not in line)
    plain = changed(without, {f"127.0.0.1:{proxy.tls}": f"127.0.0.1:{proxy.plain}"})
    lines = [
        f'ServerRoot "{proxy.directory}"',
        "ServerName 127.0.0.1",
        "PidFile apache.pid",
        "Mutex file:. default",
        'ErrorLog "error.log"',
        *(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in APACHE_MODULES),
        *(f"Listen 127.0.0.1:{port}" for port in (proxy.plain, proxy.tls)),
        *(("User nobody", "Group nogroup") if os.getuid() == 0 else ()),
    ]
    command = [program("apache2"), "-DFOREGROUND", "-f", str(proxy.directory / "apache.conf")]
    return command, ("apache.conf", "\n".join(lines) + "\n" + tls + plain)


def _lighttpd(proxy: Proxy) -> Started:
    text = changed(
        snippet("lighttpd"),
        {
            '":443"': f'"127.0.0.1:{proxy.tls}"',
            "/etc/lighttpd/tsvapp.pem": str(proxy.certificate.both),
            '"tsvapp.example.org"': '"127.0.0.1"',
            '"port" => 8000': f'"port" => {proxy.upstream.split(":")[1]}',
        },
    )
    around = (
        f'server.document-root = "{proxy.directory}"\nserver.bind = "127.0.0.1"\nserver.port = {proxy.plain}\n'
        f'server.upload-dirs = ("{proxy.directory}")\n'
    )
    return [program("lighttpd"), "-D", "-f", "lighttpd.conf"], ("lighttpd.conf", around + text)


def _nginx(proxy: Proxy) -> Started:
    text = snippet("nginx")
    if proxy.path != "/":
        text = re.sub(
            r"^    location / \{.*?^    \}$", lambda _: snippet("nginx below-a-path"), text, flags=re.M | re.S
        )
    text = changed(
        text,
        {
            "listen 80;": f"listen 127.0.0.1:{proxy.plain};",
            "listen 443 ": f"listen 127.0.0.1:{proxy.tls} ",
            "/etc/ssl/tsvapp.crt": str(proxy.certificate.certificate),
            "/etc/ssl/tsvapp.key": str(proxy.certificate.key),
            "/var/log/nginx/error.log": str(proxy.directory / "error.log"),
            "127.0.0.1:8000": proxy.upstream,
        },
    )
    temporary = "".join(f"{kind}_temp_path {kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    around = "daemon off;\npid nginx.pid;\nevents {}\nhttp {\n"
    command = [program("nginx"), "-p", str(proxy.directory), "-e", "stderr", "-c", "nginx.conf"]
    return command, ("nginx.conf", f"{around}{temporary}{text}}}\n")


COMMANDS: dict[str, Callable[[Proxy], Started]] = {
    "caddy": _caddy,
    "haproxy": _haproxy,
    "apache": _apache,
    "lighttpd": _lighttpd,
    "nginx": _nginx,
}
