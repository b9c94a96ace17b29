"""What comes with aqbio beside its code: models, workflow, demo study.

In a checkout these folders stand at the top, where people look for them; setup.py puts them into
the package of a wheel.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

FOLDER = "shipped"
"""Folder of the package that a wheel has and a checkout has not."""


def shipped(name: str) -> Path:
    """Where something that comes with aqbio lies, in a checkout and in an installed wheel."""
    package = Path(str(files("aqbio")))
    inside = package / FOLDER
    return (inside if inside.is_dir() else package.parent) / name
