"""Drive `swarm.c`: thousands of viewers of one room, in one process."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Turn:
    """Say when a page was there, in milliseconds since it was asked for: the last, the middle, the 99th in 100."""

    last: float
    p50: float
    p99: float
    bytes: int


class Swarm:
    """Hold the viewers of one server; a viewer that is lost ends the benchmark."""

    def __init__(self, program: Path, port: int, path: str, least: int, subprotocol: str = "") -> None:
        command = [str(program), str(port), path, "--least", str(least)]
        if subprotocol:
            command += ["--subprotocol", subprotocol]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.viewers = 0

    def join(self, viewers: int) -> float:
        """Let this many more join, each of whom waits for a page; return the seconds it took."""
        (seconds,) = self._ask(f"join {viewers}")
        self.viewers += viewers
        return seconds

    def leave(self, viewers: int) -> None:
        """Let the newest of them go."""
        self._ask(f"leave {viewers}")
        self.viewers -= viewers

    def turn(self, text: str) -> Turn:
        """Let the first viewer send `text`, and wait until everyone has got a new page."""
        last, p50, p99, size = self._ask(f"turn {text}")
        return Turn(last, p50, p99, int(size))

    def idle(self, seconds: float) -> int:
        """Only read for a while; return how many messages came."""
        (messages,) = self._ask(f"idle {seconds}")
        return int(messages)

    def stop(self) -> None:
        """Let everyone go at once."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, command: str) -> list[float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self._process.args!r}, asked to {command}: {self._process.stderr.read()}")
        return [float(word) for word in answer.split()[1:]]
