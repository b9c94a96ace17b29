"""Ask `tests.workflow.forked` for work: ``python -I -S ask.py SOCKET KIND ARGUMENTS``."""

import json
import os
import socket
import sys
from pathlib import Path


def status_of(
    door: str, kind: str, arguments: list[str], folder: str, environment: dict[str, str],
    files: tuple[int, int],
) -> int:  # fmt: skip
    """Exit status of work that is done in a folder and an environment, and says it to two files."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(door)
        socket.send_fds(asked, [b"1"], files)
        order = {"kind": kind, "arguments": arguments, "folder": folder, "environment": environment}
        asked.sendall(json.dumps(order).encode())
        asked.shutdown(socket.SHUT_WR)
        return int(asked.recv(8) or 9)


if __name__ == "__main__":
    sys.exit(
        status_of(sys.argv[1], sys.argv[2], sys.argv[3:], str(Path.cwd()), dict(os.environ), (1, 2))
    )
