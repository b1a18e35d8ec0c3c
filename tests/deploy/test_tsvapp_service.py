"""deploy/tsvapp.service: what it starts does start, from anywhere, by a user who may write nothing but its data."""

from __future__ import annotations

import configparser
import ctypes
import os
import re
import shlex
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.support.client import V1Client, table
from tests.support.metrics import Scrape
from tests.support.server import ROOT, Server, free_port

UNIT = ROOT / "deploy" / "tsvapp.service"
NOBODY = 65534
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
"""Of Linux 6.3: what MemoryDenyWriteExecute asks for; an older one does not know it, and changes nothing."""


@pytest.fixture(scope="module")
def unit() -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNIT)
    return dict(parser["Service"])


class Service(Server):
    """Be a server that is started as the unit says, but for its ports and paths."""

    def __init__(self, unit: dict[str, str], data_dir: Path) -> None:
        super().__init__(data_dir, metrics_port=free_port())
        ours = {"PORT": str(self.port), "TSVAPP_DATA_DIR": str(data_dir), "TSVAPP_METRICS_PORT": str(self.metrics_port)}
        given = dict(each.split("=", 1) for each in shlex.split(unit["Environment"]))
        assert ours.keys() <= given.keys()
        # Nothing else of this process: what the service needs, the unit has to say.
        self.environ = {**given, **ours, "PATH": "/usr/bin:/bin"}
        self.command = shlex.split(unit["ExecStart"].replace("/srv/tsvapp", str(ROOT)))
        self.root = Path("/")
        if os.getuid() == 0:
            # Where this checkout and its Python lie, not everyone may look: that is let be, writing is not.
            reads = "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"
            drop = f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"
            self.command = ["setpriv", *drop, *reads, *self.command]
            os.chown(data_dir, NOBODY, NOBODY)


@pytest.fixture(scope="module")
def service(unit: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("service")
    directory.chmod(0o755)
    (directory / "data").mkdir()
    service = Service(unit, directory / "data")
    library = ctypes.CDLL(None)
    # The server inherits it; for this process it means nothing, but for a new one of its own.
    with pytest.MonkeyPatch.context() as patch:
        real = subprocess.Popen
        refuse = lambda: library.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)  # noqa: E731
        patch.setattr(subprocess, "Popen", lambda *args, **options: real(*args, **options, preexec_fn=refuse))
        service.start()
    yield service
    service.stop()
    assert "Traceback" not in service.log, service.log


def test_it_starts_from_anywhere_as_another_user_and_is_ready(service: Service) -> None:
    with urllib.request.urlopen(f"{service.url}/readyz", timeout=40) as answer:
        assert answer.read() == b"ready\n"
    if os.getuid() == 0:
        assert set(psutil.Process(service.worker_pid).uids()) == {NOBODY}


def test_it_does_its_work_and_writes_nothing_but_its_data(service: Service) -> None:
    with closing(V1Client(service.ws_url)) as client:
        client.upload(table(1000))
        client.send("turn", page=3)
        client.see(lambda event: event["page"] == 3)
        with urllib.request.urlopen(f"{service.url}/{client.room_id}.tsv", timeout=40) as answer:
            assert answer.read() == table(1000)
    assert Scrape.of(service)["uploads_total", "finished"] == 1
    writing = [each.path for each in psutil.Process(service.worker_pid).open_files() if each.mode not in ("r", "rt")]
    assert writing
    assert {path for path in writing if not path.startswith(str(service.data_dir))} == set()


def test_it_reloads_by_the_signal_that_the_unit_sends(service: Service, unit: dict[str, str]) -> None:
    assert re.fullmatch(r"/bin/kill -HUP \$MAINPID", unit["ExecReload"])
    since = len(service.log.splitlines())
    service.signal(signal.SIGHUP)
    service.wait_for_log("Worker exiting", since)
    with urllib.request.urlopen(f"{service.url}/", timeout=40) as answer:
        assert answer.status == 200


def test_it_is_given_the_time_that_its_end_takes(unit: dict[str, str]) -> None:
    graceful = re.search(r"^graceful_timeout = (\d+)$", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    assert graceful
    assert int(unit["TimeoutStopSec"]) > 2 * int(graceful[1])


def test_systemd_finds_it_in_order_and_well_fenced(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    there = tmp_path / "tsvapp.service"
    there.write_text(UNIT.read_text().replace("/srv/tsvapp/.venv", str(ROOT / ".venv")))
    for command in (["verify"], ["security", "--offline=true", "--threshold=15", "--no-pager"]):
        done = subprocess.run([program, *command, str(there)], capture_output=True, text=True, timeout=60, check=False)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "Unknown key" not in said
