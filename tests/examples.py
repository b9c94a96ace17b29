"""Answers of functions to many inputs, line by line, for files of `tests/golden`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from aqbio.errors import AqbioError

OMITTED = ("provenance", "files", "seal", "versions", "inputs", "html")


def record_lines(label: str, value: Any) -> Iterator[str]:
    """Words of records, arrays and tables of them, one by one."""
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    elif hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping) and "rule" in value:
        yield f"{label}: {value['severity']} {value['rule']}: {value['what']}"
    elif isinstance(value, Mapping):
        for name, content in value.items():
            if name not in OMITTED and not (isinstance(content, str | list | None) and not content):
                yield from record_lines(f"{label} {name}", content)
    elif isinstance(value, list | tuple):
        if all(isinstance(item, str) for item in value):
            yield f"{label}: {' '.join(value)}"
            return
        for number, item in enumerate(value):
            yield from record_lines(f"{label} {number}", item)
    elif isinstance(value, np.ndarray):
        yield f"{label}: {' '.join(map(str, value.ravel().tolist()))}"
    else:
        yield f"{label}: {value}"


def answers(examples: Mapping[Any, Callable[[], Any]]) -> Iterator[str]:
    """Lines of the results of examples, or of their refusals."""
    for name, make in examples.items():
        try:
            yield from record_lines(str(name), make())
        except (ValueError, AqbioError) as error:
            yield f"{name}: refused: {' '.join(str(error).split())}"
