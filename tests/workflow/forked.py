"""Snakemake in processes that begin with its libraries: loading them takes most of a small run.

``python -m tests.workflow.forked`` loads them once and reads orders, a line of JSON each. Every run
is a fork in its own folder and environment, which ends as a program ends.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def forked_snakemake(
    arguments: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m snakemake`` with these arguments in a folder and an environment."""
    with tempfile.TemporaryDirectory() as apart:
        said = {name: Path(apart, name) for name in ("stdout", "stderr")}
        order = {
            "arguments": arguments,
            "folder": str(folder),
            "environment": environment,
            **{name: str(path) for name, path in said.items()},
        }
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        texts = [path.read_text(encoding="utf-8") for path in said.values()]
    return subprocess.CompletedProcess(arguments, status, *texts)


@cache
def _server() -> subprocess.Popen[str]:
    """The process that has the libraries; it ends when nobody can give it orders."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.workflow.forked"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    atexit.register(server.communicate)
    return server


def _serve() -> None:
    """Fork for every order."""
    import smart_open  # noqa: F401  # snakemake loads it when it reads its first file
    import snakemake.cli
    import snakemake.report  # and this one when it looks for plugins

    import aqbio.pipeline  # noqa: F401

    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _become(order)
            sys.exit(snakemake.cli.main(order["arguments"]))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    """Take the folder, the environment and the files of an order."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[0] = order["folder"]
    sys.argv[1:] = order["arguments"]
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["stdout"], os.O_WRONLY | os.O_CREAT),
        (2, order["stderr"], os.O_WRONLY | os.O_CREAT),
    ):
        opened = os.open(name, flags)
        os.dup2(opened, number)
        os.close(opened)


if __name__ == "__main__":
    _serve()
