"""The project's own nginx configuration with other addresses and paths, for an nginx that anybody may start anywhere.

What is changed is what an operator changes; all else is tested and run as it is written.
"""

from __future__ import annotations

import os
import pwd
import re
import resource
import shutil
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "nginx" / "tsvapp.conf"
CLUSTER_CONF = ROOT / "nginx" / "tsvapp-cluster.conf"

ANY_NAME = '"~^"'
LOCAL_NAMES = r'localhost *.localhost "~^[0-9.]+$" "~^\[[0-9a-f:.]+\]$"'
"""Loopback names and addresses, as `tsvapp.live.hosts` allows them."""


def nginx_program() -> str | None:
    """Return the path of nginx, also where only root looks; None if there is none."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


def write(
    directory: Path,
    listen: str,
    upstream: str | Sequence[str],
    *,
    access_log: Path | str,
    error_log: Path | str,
    main: str,
    names: str = ANY_NAME,
) -> list[str]:
    """Write a configuration into `directory`, and return the options with which nginx runs on it.

    `upstream` is the address of one worker, which goes into tsvapp.conf, or several, which go into tsvapp-cluster.conf;
    `access_log` and `error_log` are files, `names` is what stands behind server_name, `main` stands outside of http,
    and says at least what nginx itself logs.
    """
    text = _replaced(
        CONF.read_text(),
        {
            "listen 80;": f"listen {listen};",
            "listen 80 ": f"listen {listen} ",
            "server_name tsvapp.example.org;": f"server_name {names};",
            "root /srv/tsvapp;": f"root {ROOT};",
            "access_log /var/log/nginx/tsvapp.access.log ": f"access_log {access_log} ",
            "error_log /var/log/nginx/tsvapp.error.log ": f"error_log {error_log} ",
        },
    )
    if isinstance(upstream, str):
        text = _replaced(text, {"server 127.0.0.1:8000;": f"server {upstream};"})
    else:
        (directory / "tsvapp-cluster.conf").write_text(_cluster(upstream))
        text = re.sub(r"^upstream tsvapp \{.*?^\}$", "include tsvapp-cluster.conf;", text, count=1, flags=re.M | re.S)
    (directory / "tsvapp.conf").write_text(text)
    (directory / "nginx.conf").write_text(_around(main))
    return ["-p", str(directory), "-e", "stderr", "-c", "nginx.conf"]


def _cluster(workers: Sequence[str]) -> str:
    line = re.compile(r"^    server unix:/run/tsvapp/worker-\d+\.sock(.*;\n)", re.M)
    text = CLUSTER_CONF.read_text()
    found = list(line.finditer(text))
    own = "".join(f"    server {worker}{found[0][1]}" for worker in workers)
    return text[: found[0].start()] + own + text[found[-1].end() :]


def _replaced(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        pattern = re.compile(rf"^( *){re.escape(old)}", re.M)
        if len(pattern.findall(text)) != 1:
            raise ValueError(f"{old!r} is not once in {CONF.name}")
        text = pattern.sub(lambda found, new=new: found[1] + new, text)
    return text


def _around(main: str) -> str:
    # The workers of a root's nginx would be another user, who may not read the checkout.
    user = f"user {pwd.getpwuid(0).pw_name};" if os.getuid() == 0 else ""
    # Each viewer takes two.
    connections = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1 << 14)
    temporary = "\n".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""
        {user}
        {main}
        daemon off;
        pid nginx.pid;
        events {{
            worker_connections {connections};
        }}
        http {{
            include /etc/nginx/mime.types;
            {temporary}
            include tsvapp.conf;
        }}
    """
