"""A server that has Snakemake loaded and forks a process for every module it is asked to run.

Most of a short Snakemake run, and of a stand-in's job, is Python that loads libraries. Where
processes cannot fork safely (`CAN_WARM`) and where they are killed, tests start them as users do.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.workflow.ask_warm import WARM, ask

CAN_WARM = sys.platform == "linux"
LOADED = ("snakemake.cli", "tests.workflow.plan", "tests.workflow.stand_in", "aqbio.study.jobs")
ROOT = Path(__file__).parents[2]


@contextmanager
def warm_server() -> Iterator[str]:
    """Run the server and give the address of its socket; empty where it cannot be."""
    if not CAN_WARM:
        yield ""
        return
    with tempfile.TemporaryDirectory() as folder:  # of a short name, as sockets need
        address = str(Path(folder, "warm"))
        command = [sys.executable, "-m", "tests.workflow.warm", address]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            assert server.stdout.readline(), "the server did not start"
            yield address
            server.terminate()


def run_warm(
    address: str, module: str, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a module of Python as ``python -m`` does, in a process that the server forks."""
    variables = {**environment, WARM: address}
    with (
        open(os.devnull, "rb") as null,  # noqa: PTH123
        tempfile.TemporaryFile("w+", encoding="utf-8") as output,
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
    ):
        status = ask(address, (module, *arguments), str(cwd), variables, (null, output, errors))
        texts = [(file.seek(0), file.read())[1] for file in (output, errors)]
    return subprocess.CompletedProcess([module, *arguments], status, *texts)


def _serve(address: str) -> None:
    for name in LOADED:
        __import__(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(64)
        print("ready", flush=True)  # noqa: T201
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> None:
    """Run one module in a process of its own, and give its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, files, *_ = socket.recv_fds(connection, 2**20, 3)
    while not message.endswith(b"\n"):
        message += connection.recv(2**20)
    request = json.loads(message)
    process = os.fork()
    if process == 0:
        connection.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
        _become(request)
    _, ended = os.waitpid(process, 0)
    status = os.waitstatus_to_exitcode(ended)
    connection.sendall(b"%d\n" % (status if status >= 0 else 128 - status))
    os._exit(0)


def _become(request: dict) -> None:
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environment"])
    module, *arguments = request["command"]
    sys.argv = [module, *arguments]
    status = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)  # noqa: T201
    except BaseException:  # noqa: BLE001 - as an interpreter that ends
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve(sys.argv[1])
