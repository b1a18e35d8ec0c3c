"""tools/front_door.py: where a server can be opened, and one clear line where it cannot start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from tests.support.server import ROOT, free_port
from tools.front_door import addresses, greeting, own_addresses


def front_door(**environ: str) -> subprocess.CompletedProcess[str]:
    """Run it as `make run` does."""
    command = [sys.executable, "-m", "tools.front_door"]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_server_of_this_computer_alone_says_so_and_how_others_get_in() -> None:
    port = free_port()
    done = front_door(HOST="127.0.0.1", PORT=str(port))
    assert done.returncode == 0
    assert f"open http://127.0.0.1:{port}/ " in done.stdout
    assert "make run HOST=0.0.0.0" in done.stdout


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "*"])
def test_a_server_at_all_addresses_names_those_that_others_can_open_and_none_that_nobody_can(host: str) -> None:
    found = addresses(host, 8000)
    assert found[0] == "http://127.0.0.1:8000/"
    assert len(found) == 1 + len(own_addresses(both=host != "0.0.0.0"))
    assert all(each not in greeting(host, 8000) for each in ("//0.0.0.0", "//[::]", "//*"))


def test_an_address_of_ipv6_is_written_as_browsers_want_it() -> None:
    assert addresses("2001:db8::7", 8000) == ["http://[2001:db8::7]:8000/"]


def test_a_port_that_is_in_use_is_one_line_that_says_what_to_do() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = front_door(HOST="127.0.0.1", PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port} is in use" in done.stderr
    assert f"make run PORT={port + 1}" in done.stderr


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused_in_words(port: str) -> None:
    done = front_door(PORT=port)
    assert done.returncode == 1
    assert "PORT is" in done.stderr


def test_an_address_that_this_machine_does_not_have_is_refused_in_words() -> None:
    done = front_door(HOST="192.0.2.77", PORT=str(free_port()))
    assert done.returncode == 1
    assert "This machine has no address 192.0.2.77" in done.stderr
