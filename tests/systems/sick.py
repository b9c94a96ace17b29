"""Work that ends badly, in functions that a new interpreter can be sent."""

from __future__ import annotations

import faulthandler
import os
import signal
import time

from aqbio.errors import AqbioError


def sound() -> str:
    os.write(1, b"what a library prints is no answer")
    return "sound"


def refuse() -> None:
    raise AqbioError("no.", rule="told")


def crash() -> None:
    faulthandler.disable()
    signal.raise_signal(signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def sleep() -> None:
    time.sleep(60.0)


def grow() -> None:
    blocks = []
    for _ in range(600):
        blocks.append(bytes([1]) * 2**24)
        time.sleep(0.005)
