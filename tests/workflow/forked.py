"""Snakemake and stand-ins in processes that begin with their libraries, which take most of a run.

``python -m tests.workflow.forked SOCKET`` loads them once. Whoever asks at the socket gets a fork
in its own folder, environment and files, which ends as a program ends.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from tests.workflow.ask import status_of

ROOT = Path(__file__).parents[2]


def asked(
    kind: str, arguments: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m snakemake``, or a run, with arguments in a folder and an environment."""
    with tempfile.TemporaryDirectory() as apart:
        said = [Path(apart, name) for name in ("stdout", "stderr")]
        with said[0].open("w") as out, said[1].open("w") as err:
            files = out.fileno(), err.fileno()
            status = status_of(door(), kind, arguments, str(folder), environment, files)
        texts = [path.read_text(encoding="utf-8") for path in said]
    return subprocess.CompletedProcess(arguments, status, *texts)


@cache
def door() -> str:
    """The socket of the process that has the libraries; it ends when nobody can ask it."""
    folder = tempfile.mkdtemp()
    path = str(Path(folder, "door"))
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.workflow.forked", path],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    atexit.register(server.communicate)
    return path


def _serve(path: str) -> None:
    """Fork for everyone who asks, until the one who started this has ended."""
    import smart_open  # noqa: F401  # snakemake loads it when it reads its first file
    import snakemake.cli
    import snakemake.report  # and this one when it looks for plugins

    from tests.workflow import stand_in

    work = {"snakemake": snakemake.cli.main, "job": stand_in.main, "run": stand_in.run}
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(path)
        opened.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([opened, sys.stdin], [], [])[0]:
            asked, _ = opened.accept()
            with asked:
                if not os.fork():
                    opened.close()
                    _answer(asked, work)
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
    Path(path).unlink()
    Path(path).parent.rmdir()


def _answer(asked: socket.socket, work: dict[str, Any]) -> None:
    """Do what is asked for in a process of its own, and tell how it ended."""
    _, files, _, _ = socket.recv_fds(asked, 1, 2)
    with asked.makefile("rb") as stream:
        order = json.loads(stream.read())
    child = os.fork()
    if not child:
        asked.close()
        _become(order, files)
        _end(_status(work[order["kind"]], order["arguments"]))
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    asked.sendall(str(ended if ended >= 0 else 128 - ended).encode())
    os._exit(0)


def _status(work: Callable[[list[str]], Any], arguments: list[str]) -> int:
    """Exit status of a program, which says why on its standard error."""
    try:
        code = work(arguments)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - whatever it is, Python would say it and end with 1
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    return code if isinstance(code, int) else int(code is not None)


def _end(code: int) -> NoReturn:
    """End as a program does, but leave what it loaded: a fork would copy it all to take it down."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _become(order: dict[str, Any], files: list[int]) -> None:
    """Take the folder, the environment and the files of an order."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.path[0] = order["folder"]
    sys.argv[1:] = order["arguments"]
    for number, opened in enumerate((os.open(os.devnull, os.O_RDONLY), *files)):
        os.dup2(opened, number)
        os.close(opened)


if __name__ == "__main__":
    _serve(sys.argv[1])
