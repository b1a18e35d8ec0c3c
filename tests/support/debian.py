"""A fresh Debian in a directory: programs that run in it see its files, and this machine's network.

It takes root and debootstrap. Its mirror is that of this machine's apt, its package index that of this machine's pip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.server import ROOT
from tools import pip_settings

PACKAGES = "ca-certificates,make,python3"
PROXIES = ("http_proxy", "https_proxy", "no_proxy")

# The mount namespace and all processes end with `unshare`, so that nothing stays mounted however a test ends.
UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
ENTER = """
set -e
cd "$1"
mount --rbind /dev dev
mount --rbind /sys sys
mount -t proc proc proc
for path in $2; do
  if [ -d "$path" ]; then mkdir -p ".$path"; else mkdir -p ".${path%/*}"; touch ".$path"; fi
  mount --bind "$path" ".$path"
done
shift 2
exec chroot . "$@"
"""


class Debian:
    """A Debian system with a copy of this checkout in /srv/tsvapp."""

    def __init__(self, suite: str, directory: Path) -> None:
        self.directory = directory
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(directory), mirror()], check=True
        )
        shutil.copy("/etc/hosts", directory / "etc/hosts")
        # Packages of servers must not start them: their ports are this machine's.
        policy = directory / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0"):
            if name and (ROOT / name).exists():
                copy = directory / "srv/tsvapp" / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, copy, follow_symlinks=False)
        index = index_settings()
        words = [word for value in index.values() for word in value.split()]
        # The links of an index in a directory may lead beside it.
        indexes = [str(Path(word.removeprefix("file://")).parent) for word in words if word.startswith("file:///")]
        paths = {path for path in (*words, *indexes) if path.startswith("/") and Path(path).exists()}
        self._bound = sorted(paths)
        # With CI a program that cannot be installed is a failure.
        self._environ = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "CI": "true",
        } | index

    def start(self, *command: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start a program in /srv/tsvapp; killing the returned process ends all that the program has started."""
        enter = ["sh", "-c", ENTER, "sh", str(self.directory), " ".join(self._bound)]
        inside = ["env", "--chdir=/srv/tsvapp", *command]
        return subprocess.Popen([*UNSHARE, *enter, *inside], env=self._environ | environ, stdin=subprocess.DEVNULL)


def mirror() -> str:
    """Return the address from which this machine's apt has the main part of Debian."""
    listing = [
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI) $(CODENAME)",
        "Created-By: Packages",
        "Label: Debian",
    ]
    lines = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    # bookworm, but not bookworm-updates.
    return next(address for address, codename in map(str.split, lines) if "-" not in codename)


def index_settings() -> dict[str, str]:
    """Return variables with which pip and npm find their packages as they do on this machine."""
    found = pip_settings.as_environment() | {name: os.environ[name] for name in PROXIES if name in os.environ}
    if "PIP_CERT" in found:
        found |= {"SSL_CERT_FILE": found["PIP_CERT"], "NODE_EXTRA_CA_CERTS": found["PIP_CERT"]}
    if npm := shutil.which("npm"):
        asked = subprocess.run([npm, "config", "get", "registry"], capture_output=True, text=True, check=True)
        found["npm_config_registry"] = asked.stdout.strip()
    return found
