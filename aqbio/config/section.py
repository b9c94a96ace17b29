"""What all sections of study.yaml have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
"""A number above zero."""

LONGEST_NAME, LONGEST_PATH = 255, 4095
"""Bytes that the name of a file and a whole path may have on Linux, where results may be moved."""


def that_a_disk_can_have(path: str) -> str:
    """The path, refused where its names are too long for a disk."""
    longest = max((len(part.encode()) for part in path.split("/")), default=0)
    if longest > LONGEST_NAME or len(path.encode()) > LONGEST_PATH:
        raise ValueError(
            f"no disk can have this file: a name of {longest} bytes in a path of "
            f"{len(path.encode())}, where {LONGEST_NAME} and {LONGEST_PATH} are the most"
        )
    if "\0" in path:
        raise ValueError("no disk can have this file: there is a zero byte in its name")
    return path


GivenFile = Annotated[str, AfterValidator(that_a_disk_can_have)]
"""A file or folder that a laboratory names."""


class Section(BaseModel):
    """A group of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
