"""`make fuzz`: each target in turn, guided by the coverage of tsvapp, for some seconds each.

    python -m tests.fuzz [seconds] [target …]

What it learns is kept in `tests/fuzz/corpus/`. An input that fails is written beside it, and the exit status says so:
give it to `check` of its target, name it in the tests, then cure it.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

TARGETS = ("reader", "rows", "messages", "frames", "handshake")
KEPT = Path(__file__).parent / "corpus"
LONGEST = 2000  # bytes of an input: larger ones meet nothing that these do not, and take longer


def main(seconds: str = "3600", *targets: str) -> int:
    """Fuzz one target after the other, each in a process of its own; return 1 if any failed or cannot run."""
    if importlib.util.find_spec("atheris") is None:
        print(
            "atheris, which guides the fuzzing, has no wheel for this machine: use Python 3.11 to 3.13 on x86_64 Linux"
        )
        return 1
    failed = []
    for target in targets or TARGETS:
        print(f"fuzzing {target} for {seconds} s", flush=True)
        command = [sys.executable, "-m", "tests.fuzz", "--one", target, seconds]
        if subprocess.run(command, check=False).returncode:
            failed.append(target)
    print(f"failed: {', '.join(failed)}" if failed else "nothing failed")
    return bool(failed)


def fuzz(target: str, seconds: str) -> None:
    """Fuzz one target; the fuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["tsvapp", "wsproto"], enable_loader_override=False):
        # Reading row by row has a check of its own, beside the reader's.
        module = importlib.import_module(f"tests.fuzz.{'reader' if target == 'rows' else target}")
    check = module.rows_that_are_too_long if target == "rows" else module.check
    folder = KEPT / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(module.SEEDS):
        (folder / f"seed-{number}").write_bytes(seed)
    words = KEPT / f"{target}.dict"
    words.write_text(
        "".join('"' + "".join(f"\\x{byte:02x}" for byte in word.encode("latin-1")) + '"\n' for word in module.WORDS)
    )
    options = [
        f"-dict={words}",
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={KEPT}/{target}-",
        "-timeout=20",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder)], check)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz(*sys.argv[2:4])
    sys.exit(main(*sys.argv[1:]))
