"""Serve with several workers on this machine: `make run WORKERS=3`, or `python -m tools.run_workers 3`.

Each worker is a gunicorn of its own, on a Unix socket and on port PORT + i of 127.0.0.1; nginx at HOST:PORT is in
front of all, and they share TSVAPP_DATA_DIR and TSVAPP_REDIS_URL, or a Redis that is started here. Ctrl+C and SIGTERM
end all, SIGHUP restarts the workers one after the other, and when a part ends by itself all are ended.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from tools import nginx_conf, programs
from tools.front_door import Taken, asked, greeting
from tools.part import READY_SECONDS, Failed, Part

LOOK_SECONDS = 0.1


class Cluster:
    """Hold all parts: Redis, the workers, nginx."""

    def __init__(self, count: int, directory: Path) -> None:
        """Prepare `count` workers, with their sockets in `directory`.

        Raise Failed if a program is missing or the port is taken.
        """
        try:
            self.host, self.port = asked()
        except Taken as error:
            raise Failed(str(error)) from error
        self.data_dir = Path(os.environ.get("TSVAPP_DATA_DIR") or "data").absolute()
        self.redis_url = os.environ.get("TSVAPP_REDIS_URL", "")
        store = [] if self.redis_url else [self._redis(directory)]
        self.workers = [self._worker(number, directory) for number in range(1, count + 1)]
        self.stages = [store, self.workers, [self._nginx(directory)]]
        """Parts that are started together, after those before them answer."""
        self._reload_wanted = False

    def _redis(self, directory: Path) -> Part:
        program = programs.redis()
        if program is None:
            raise Failed("redis-server is missing: install it (apt-get install redis-server), or set TSVAPP_REDIS_URL")
        path = directory / "redis.sock"
        self.redis_url = f"unix://{path}"
        data_dir = self.data_dir / "redis"
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir.chmod(0o700)  # earlier versions have let others read it
        options = {
            "--port": "0",
            "--unixsocket": str(path),
            "--unixsocketperm": "700",
            "--dir": str(data_dir),
            "--appendonly": "yes",
            "--save": "",
            "--loglevel": "warning",
        }
        command = [program, *(word for option in options.items() for word in option)]
        return Part("Redis", command, lambda: _says_pong(path))

    def _worker(self, number: int, directory: Path) -> Part:
        path = directory / f"worker-{number}.sock"
        # Where documents are in Redis, each has copies of its own.
        keeps_copies = os.environ.get("TSVAPP_REDIS_DOCUMENT_BYTES", "0").strip() not in ("", "0")
        environ = {
            "BIND": f"unix:{path},127.0.0.1:{self.port + number}",
            "TSVAPP_DATA_DIR": str(self.data_dir / f"worker-{number}" if keeps_copies else self.data_dir),
            "TSVAPP_REDIS_URL": self.redis_url,
        }
        # Each tells its own numbers.
        metrics_port = os.environ.get("TSVAPP_METRICS_PORT", "").strip()
        if metrics_port.isdecimal() and int(metrics_port):
            environ["TSVAPP_METRICS_PORT"] = str(int(metrics_port) + number)
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]
        return Part(f"worker {number}", command, lambda: _answers(socket.AF_UNIX, str(path), "/readyz"), environ)

    def _nginx(self, directory: Path) -> Part:
        program = nginx_conf.nginx_program()
        if program is None:
            raise Failed("nginx is missing: install it (apt-get install nginx)")
        sockets = [f"unix:{directory}/worker-{number}.sock" for number in range(1, len(self.workers) + 1)]
        listen = f"{self.host}:{self.port}"
        # Each worker writes its own lines; those of nginx would say the same once more.
        options = nginx_conf.write(
            directory,
            listen,
            sockets,
            access_log="/dev/null",
            error_log="stderr",
            main="error_log stderr warn;",
            names=self._names(),
        )
        host = "127.0.0.1" if self.host in ("0.0.0.0", "*") else self.host
        return Part("nginx", [program, *options], lambda: _answers(socket.AF_INET, (host, self.port), "/healthz"))

    def _names(self) -> str:
        """Return the names under which nginx answers: the workers believe it."""
        given = (self.host, socket.gethostname(), *os.environ.get("TSVAPP_HOSTS", "").split())
        if "*" in given[2:]:
            return nginx_conf.ANY_NAME
        names = sorted({name.lower() for name in given if re.fullmatch(r"[A-Za-z0-9._-]+", name)} - {"localhost"})
        return " ".join([nginx_conf.LOCAL_NAMES, *names])

    def run(self) -> NoReturn:
        """Start all, and look after them until Ctrl+C; raise Failed when one ends by itself."""
        for stage in self.stages:
            for part in stage:
                part.start()
            for part in stage:
                part.wait_until_ready()
        direct = " ".join(f"http://127.0.0.1:{self.port + number}/" for number in range(1, len(self.workers) + 1))
        print(f"{greeting(self.host, self.port)}\n        its workers: {direct}", flush=True)
        while True:
            time.sleep(LOOK_SECONDS)
            for part in self._parts():
                part.check()
            if self._reload_wanted:
                self._reload_wanted = False
                self._reload()

    def want_reload(self, *_: object) -> None:
        """Have the workers restarted, one after the other: what SIGHUP does."""
        self._reload_wanted = True

    def _reload(self) -> None:
        for worker in self.workers:
            worker.end()
            worker.start()
            worker.wait_until_ready()
        print("tsvapp: all workers have been restarted", flush=True)

    def end(self) -> None:
        """End all: the workers first, so that they can tell everyone, and at once, because they take some time."""
        for worker in self.workers:
            worker.ask_to_end()
        for part in (*self.workers, *reversed(self._parts())):
            part.end()

    def _parts(self) -> list[Part]:
        return [part for stage in self.stages for part in stage]


def _says_pong(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(READY_SECONDS)
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(100).startswith(b"+PONG")
    except OSError:
        return False


def _answers(family: socket.AddressFamily, address: str | tuple[str, int], path: str) -> bool:
    """Say whether a GET is answered by 200."""
    with closing(http.client.HTTPConnection("localhost")) as connection:
        try:
            connection.sock = socket.socket(family)
            connection.sock.settimeout(READY_SECONDS)
            connection.sock.connect(address)
            connection.request("GET", path, headers={"Connection": "close"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def main(words: list[str]) -> int:
    """Run until told to end; return the exit status."""
    if len(words) != 1 or not words[0].isdecimal() or int(words[0]) < 1:
        print("usage: python -m tools.run_workers NUMBER", file=sys.stderr)
        return 2
    # What is made from here on is its owner's alone: Redis has the keys to all rooms.
    os.umask(0o077)
    # A short path: that of a Unix socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="tsvapp-") as directory:
        try:
            serve(Cluster(int(words[0]), Path(directory)))
        except Failed as error:
            print(f"tsvapp: {error}.", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 0


def serve(cluster: Cluster) -> NoReturn:
    """Run all parts, and end them when that is wanted (KeyboardInterrupt) or one has failed (Failed)."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, cluster.want_reload)
    try:
        cluster.run()
    finally:
        # Nothing breaks off the end.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        cluster.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
