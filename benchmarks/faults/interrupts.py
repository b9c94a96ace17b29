"""Ctrl-C at any moment while C3D files are read, as in a notebook: never another file's content."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import ezc3d
import numpy as np

READS = """
import json, signal, sys
from pathlib import Path
from aqbio.io.c3d import read_c3d
files, reading, count = [Path(name) for name in sys.argv[1:]], False, 0
def interrupted(*_):
    if reading:
        raise KeyboardInterrupt
signal.signal(signal.SIGINT, interrupted)
def read(file):
    told["asked"], told["read"] = file.stem, read_c3d(file).labels[0]
    return told["asked"] == told["read"]
print("ready", flush=True)
for _ in sys.stdin:
    count += 1
    told = {}
    print("reads", flush=True)
    try:
        reading = True
        _ = read(files[count % 2]) and read(files[1 - count % 2])
        reading = False
    except KeyboardInterrupt:
        told = {"interrupted": True}
        _ = read(files[count % 2]) and read(files[1 - count % 2])
    except Exception as error:
        told = {"error": repr(error)}
    reading = False
    print(json.dumps(told), flush=True)
"""
"""Reads two files in turn; after an interrupt both once more."""


@dataclass
class Interrupts:
    """What became of files that were read while somebody interrupted."""

    tried: int = 0
    interrupted: int = 0
    """The call raised, and both files read right afterwards."""
    right: int = 0
    wrong: int = 0
    """The contents of another file."""
    errors: int = 0


def interrupts(folder: Path, count: int, seed: int = 1) -> Interrupts:
    """Interrupt reads of two files at random moments.

    Parameters
    ----------
    folder : Path
        Where the files are written.
    count : int
        Interrupts.
    """
    files = [_file(folder / f"{name}.c3d", name, frames) for name, frames in (("A", 40), ("B", 50))]
    command = [sys.executable, "-c", READS, *map(str, files)]
    moments, told = random.Random(seed), Interrupts()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes.")
        process.stdout.readline()
        for _ in range(count):
            process.stdin.write("go\n")
            process.stdin.flush()
            process.stdout.readline()
            time.sleep(moments.choice((0.0, 0.002, 0.01, 0.3)) * moments.random())
            process.send_signal(signal.SIGINT)
            line = process.stdout.readline()
            _count(told, json.loads(line))
        process.kill()
    return told


def _count(told: Interrupts, said: dict[str, object]) -> None:
    told.tried += 1
    if "read" in said and said["read"] != said["asked"]:
        told.wrong += 1
    elif "error" in said:
        told.errors += 1
    elif "interrupted" in said:
        told.interrupted += 1
    else:
        told.right += 1


def _file(path: Path, label: str, frames: int) -> Path:
    """A C3D file with one marker."""
    c3d = ezc3d.c3d()
    c3d["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    c3d["parameters"]["POINT"]["LABELS"]["value"] = [label]
    c3d["parameters"]["POINT"]["UNITS"]["value"] = ["m"]
    c3d["data"]["points"] = np.ones((4, 1, frames))
    c3d.write(str(path))
    return path
