"""Lines for golden files: content of files that were read, findings and refusals."""

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
    sections: dict[str, dict[str, str]] = {}
    for section in f"\n{path.read_text(encoding='utf-8')}".split("\n=== ")[1:]:
        head, _, body = section.partition("\n")
        kind, _, name = head.partition(" | ")
        body = re.sub(r"\\[t0ber\\]", lambda sign: SIGNS[sign[0]], body)
        sections.setdefault(kind, {})[name] = body
    return sections


def outcome_lines(name: str, read: Callable[[], object], folder: Path) -> list[str]:
    """Lines of the content or of the error, without the folder; each begins with the name."""
    try:
        lines = [*content_lines(read())]
    except InvalidStudyError as error:
        lines = [finding_line(reported) for reported in error.findings]
    except AqbioError as error:
        kind = "" if type(error) is AqbioError else f"{type(error).__name__}: "
        lines = [f"refused: {kind}{finding_line(error.finding())}"]
    texts = (
        " ".join(line.replace(str(folder), "FOLDER").replace(str(MODELS), "MODELS").split())
        for line in lines
    )
    texts = (PARSERS.sub("", text) for text in texts)
    return [f"{name} | {text}" for text in texts] or [f"{name} | nothing"]


def finding_line(finding: Finding) -> str:
    """All of a finding on one line."""
    numbers = [f"{x:.6e}" if x is not None else "" for x in (finding.number, finding.limit)]
    about = (
        finding.participant,
        finding.trial,
        finding.label,
        *numbers,
        finding.unit,
        finding.file,
        finding.where,
    )
    details = "; ".join(filter(None, about))
    return f"{finding.severity} {finding.rule}: {finding.what} ({details}) {finding.fix}"


def content_lines(content: object) -> Iterator[str]:
    """Lines of the content that a reader returns."""
    match content:
        case Finding():
            yield finding_line(content)
        case Recording():
            yield f"labels {', '.join(content.labels)}"
            start, unit = content.first_time, content.length_unit
            yield f"{content.rate:.9g} Hz from {start:g} s in {unit:g} m"
            yield f"positions {_columns(content.positions)}"
            yield from map(finding_line, content.findings)
            yield from content_lines(content.forces) if content.forces else ()
        case ForceRecording():
            yield f"{content.rate:.9g} Hz from {content.start:.6f} s"
            for plate in range(len(content.numbers)):
                identity = (content.numbers[plate], content.names[plate], content.feet[plate])
                wrench = content.wrench
                arrays = (wrench.force[:, plate], wrench.moment[:, plate], wrench.point[plate])
                lever = np.zeros(3) if content.lever is None else content.lever[plate]
                finite_counts = [
                    str(np.isfinite(x).sum()) for x in (*arrays, content.corners[plate], lever)
                ]
                yield f"plate {identity}: known numbers {' '.join(finite_counts)}"
        case Storage():
            degrees, time = content.in_degrees, _columns(content.time)
            yield f"{content.columns} degrees {degrees} {content.name} {time}"
            yield f"{content.header} {_columns(content.values)}"
        case Mesh():
            yield f"{content.points.tolist()} {content.triangles.tolist()}"
        case BaseModel():
            fields = ((name, getattr(content, name)) for name in sorted(content.model_fields_set))
            settings = ", ".join(f"{name}={setting}" for name, setting in fields)
            yield f"{type(content).__name__} {settings}"
        case str() | int() | float() | Path() | bool() | None:
            yield str(content)
        case dict():
            yield from (
                f"{name}: {text}" for name, part in content.items() for text in content_lines(part)
            )
        case Iterable():
            yield from (text for item in content for text in content_lines(item))
        case _:
            raise TypeError(type(content))


def _columns(array: np.ndarray) -> str:
    """Shape of an array and how many of its numbers are known."""
    return f"{array.shape}, {np.isfinite(array).sum()} known"
