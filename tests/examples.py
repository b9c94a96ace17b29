"""What functions answer to many inputs, line by line, for files of `tests/golden`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from aqbio.errors import AqbioError

UNTOLD = ("provenance", "files", "seal", "versions", "inputs", "html")


def told(place: str, value: Any) -> Iterator[str]:
    """Words of records, arrays and tables of them, one by one."""
    if is_dataclass(value):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    elif hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping) and "rule" in value:
        yield f"{place}: {value['severity']} {value['rule']}: {value['what']}"
    elif isinstance(value, Mapping):
        for name, one in value.items():
            if name not in UNTOLD and not (isinstance(one, str | list | None) and not one):
                yield from told(f"{place} {name}", one)
    elif isinstance(value, list | tuple):
        if all(isinstance(one, str) for one in value):
            yield f"{place}: {' '.join(value)}"
            return
        for number, one in enumerate(value):
            yield from told(f"{place} {number}", one)
    elif isinstance(value, np.ndarray):
        yield f"{place}: {' '.join(map(str, value.ravel().tolist()))}"
    else:
        yield f"{place}: {value}"


def answers(examples: Mapping[Any, Callable[[], Any]]) -> Iterator[str]:
    """What every example gives, or why it is refused."""
    for name, make in examples.items():
        try:
            yield from told(str(name), make())
        except (ValueError, AqbioError) as error:
            yield f"{name}: refused: {' '.join(str(error).split())}"
