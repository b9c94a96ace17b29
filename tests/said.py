"""What reading a file, or a whole room's work, says: lines for a golden file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from aqbio.config import InvalidStudyError
from aqbio.errors import AqbioError, Finding
from aqbio.io.meshes import Mesh
from aqbio.io.mot import Storage
from aqbio.io.recording import ForceRecording, Recording
from aqbio.io.study import MODELS

PARSERS = re.compile(r"(?<=maximum recursion depth exceeded)[^.]*|(?<=TOMLDecodeError: )[^)]*")
"""Words that change with the version of Python."""
SIGNS = {"\\t": "\t", "\\0": "\0", "\\b": "\ufeff", "\\e": "\x1b", "\\r": "\u202e", "\\\\": "\\"}


def texts(path: Path) -> dict[str, dict[str, str]]:
    """Texts of odd files by kind and name: sections after ``=== kind | name``, tabs as ``\\t``."""
    found: dict[str, dict[str, str]] = {}
    for section in f"\n{path.read_text(encoding='utf-8')}".split("\n=== ")[1:]:
        head, _, body = section.partition("\n")
        kind, _, name = head.partition(" | ")
        body = re.sub(r"\\[t0ber\\]", lambda sign: SIGNS[sign[0]], body)
        found.setdefault(kind, {})[name] = body
    return found


def said(name: str, read: Callable[[], object], folder: Path) -> list[str]:
    """What comes of it, or the error, without the folder; every line begins with the name."""
    try:
        lines = [*told(read())]
    except InvalidStudyError as error:
        lines = [finding(one) for one in error.findings]
    except AqbioError as error:
        kind = "" if type(error) is AqbioError else f"{type(error).__name__}: "
        lines = [f"refused: {kind}{finding(error.finding())}"]
    texts = (
        " ".join(line.replace(str(folder), "FOLDER").replace(str(MODELS), "MODELS").split())
        for line in lines
    )
    texts = (PARSERS.sub("", text) for text in texts)
    return [f"{name} | {text}" for text in texts] or [f"{name} | nothing"]


def finding(one: Finding) -> str:
    """All of a finding on one line."""
    numbers = [f"{x:.6e}" if x is not None else "" for x in (one.number, one.limit)]
    about = (one.participant, one.trial, one.label, *numbers, one.unit, one.file, one.where)
    return f"{one.severity} {one.rule}: {one.what} ({'; '.join(filter(None, about))}) {one.fix}"


def told(thing: object) -> Iterator[str]:
    """Lines of what a reader gives."""
    match thing:
        case Finding():
            yield finding(thing)
        case Recording():
            yield f"labels {', '.join(thing.labels)}"
            yield f"{thing.rate:.9g} Hz from {thing.first_time:g} s in {thing.length_unit:g} m"
            yield f"positions {_columns(thing.positions)}"
            yield from map(finding, thing.findings)
            yield from told(thing.forces) if thing.forces else ()
        case ForceRecording():
            yield f"{thing.rate:.9g} Hz from {thing.start:.6f} s"
            for plate in range(len(thing.numbers)):
                named = (thing.numbers[plate], thing.names[plate], thing.feet[plate])
                wrench = thing.wrench
                arrays = (wrench.force[:, plate], wrench.moment[:, plate], wrench.point[plate])
                lever = np.zeros(3) if thing.lever is None else thing.lever[plate]
                known = [str(np.isfinite(x).sum()) for x in (*arrays, thing.corners[plate], lever)]
                yield f"plate {named}: known numbers {' '.join(known)}"
        case Storage():
            yield f"{thing.columns} degrees {thing.in_degrees} {thing.name} {_columns(thing.time)}"
            yield f"{thing.header} {_columns(thing.values)}"
        case Mesh():
            yield f"{thing.points.tolist()} {thing.triangles.tolist()}"
        case BaseModel():
            given = ((name, getattr(thing, name)) for name in sorted(thing.model_fields_set))
            yield f"{type(thing).__name__} {', '.join(f'{name}={one}' for name, one in given)}"
        case str() | int() | float() | Path() | bool() | None:
            yield str(thing)
        case dict():
            yield from (f"{name}: {text}" for name, one in thing.items() for text in told(one))
        case Iterable():
            yield from (text for one in thing for text in told(one))
        case _:
            raise TypeError(type(thing))


def _columns(array: np.ndarray) -> str:
    """Shape of an array and how many of its numbers are known."""
    return f"{array.shape}, {np.isfinite(array).sum()} known"
