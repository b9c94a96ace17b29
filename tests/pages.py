"""What the pages of a study say together, wherever it stands."""

from __future__ import annotations

import json
from pathlib import Path


def pages_text(results: Path) -> str:
    """Text of the pages of a study and of its athletes, the first page first; what these share."""
    folder = results / "report"
    names = ("index", "results", "quality", "methods")
    files = [folder / f"{name}.html" for name in names] + sorted(folder.glob("athletes/*.html"))
    shared = (folder / "group.js").read_text(encoding="utf-8")
    beside = json.loads(shared.removeprefix("globalThis.GROUP=").removesuffix(";\n"))
    return "".join([*(path.read_text(encoding="utf-8") for path in files), *beside.values()])
