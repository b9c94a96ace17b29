"""``python -I -S ask_warm.py MODULE ...``: run a module by `tests.workflow.warm`, here."""

import json
import os
import socket
import sys

WARM = "AQBIO_WARM"
"""Variable that holds the address of the server."""


def ask(address, command, cwd, environment, files):
    """Let the server run a command with open files as its input and outputs; the exit status."""
    request = {"command": command, "cwd": cwd, "environment": dict(environment)}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        text = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(connection, [text], [stream.fileno() for stream in files])
        connection.sendall(text[sent:])
        return int(connection.makefile("rb").readline() or 1)


if __name__ == "__main__":
    streams = (sys.stdin, sys.stdout, sys.stderr)
    folder = os.getcwd()  # noqa: PTH109 -- pathlib takes longer to load than all of this
    sys.exit(ask(os.environ[WARM], sys.argv[1:], folder, os.environ, streams))
