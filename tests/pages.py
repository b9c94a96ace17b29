"""What the pages of a study say together, wherever it stands."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path


def pages_text(results: Path) -> str:
    """Text of the pages of a study and of its athletes, the first page first; what these share."""
    folder = results / "report"
    names = ("index", "results", "next", "quality", "methods")
    files = [folder / f"{name}.html" for name in names] + sorted(folder.glob("athletes/*.html"))
    shared = (folder / "group.js").read_text(encoding="utf-8")
    beside = json.loads(shared.removeprefix("globalThis.GROUP=").removesuffix(";\n"))
    return "".join(
        [
            *(path.read_text(encoding="utf-8") for path in files),
            *(one for one in beside.values() if isinstance(one, str)),
        ]
    )


def words_of(text: str) -> str:
    """What a reader reads of HTML: no marks, single spaces."""
    plain = re.sub(r"<(script|style).*?</\1>", " ", text, flags=re.S)
    plain = html.unescape(re.sub(r"<[^>]+>", " ", plain))
    return re.sub(r" (?=[.,;:])", "", re.sub(r"\s+", " ", plain))
