"""deploy/tsvapp.target and tsvapp@.service: systemd takes them, and they name the sockets that nginx asks."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.server import ROOT

TEMPLATE = (ROOT / "deploy" / "tsvapp@.service").read_text()
TARGET = (ROOT / "deploy" / "tsvapp.target").read_text()
NGINX = (ROOT / "nginx" / "tsvapp-cluster.conf").read_text()


def test_there_is_a_worker_for_each_socket_that_nginx_asks() -> None:
    wanted = re.findall(r"tsvapp@(\d+)\.service", TARGET)
    (bind,) = re.findall(r"BIND=(\S+)", TEMPLATE)
    assert [bind.replace("%i", number) for number in wanted] == re.findall(r"^    server (unix:\S+)", NGINX, re.M)


def test_a_worker_differs_from_a_single_server_in_where_it_is_and_whom_it_shares_with_alone() -> None:
    def lines(text: str) -> set[str]:
        return {line for line in text.splitlines() if line and not line.startswith("#")}

    single = (ROOT / "deploy" / "tsvapp.service").read_text()
    where = ("Description=", "After=", "PartOf=", "Environment=", "RuntimeDirectory", "WantedBy=")
    assert [line for line in lines(single) ^ lines(TEMPLATE) if not line.startswith(where)] == []


def test_other_users_of_the_machine_do_not_reach_the_sockets() -> None:
    assert "RuntimeDirectoryMode=0750" in TEMPLATE.splitlines()


def test_systemd_finds_them_in_order_and_well_fenced(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    (tmp_path / "tsvapp.target").write_text(TARGET)
    worker = tmp_path / "tsvapp@.service"
    worker.write_text(TEMPLATE.replace("/srv/tsvapp/.venv", str(ROOT / ".venv")))
    one = tmp_path / "tsvapp@1.service"
    one.symlink_to(worker)
    for command in (
        ["verify", str(tmp_path / "tsvapp.target"), str(one)],
        ["security", "--offline=true", "--threshold=15", "--no-pager", str(worker)],
    ):
        done = subprocess.run([program, *command], capture_output=True, text=True, timeout=60, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "Unknown key" not in said
