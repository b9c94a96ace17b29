"""Lines of the text files of a laboratory, whatever program wrote or saved them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from aqbio.io.recording import cannot_be_opened

DECIMAL_COMMA = re.compile(r"\d,\d")


def text_lines(path: Path) -> list[str]:
    """Lines of a text file: UTF-8 with or without byte-order mark, or UTF-16 as Excel writes it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise cannot_be_opened(path, error) from error
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return raw.decode(encoding, errors="replace").splitlines()


def with_decimal_points(rows: Sequence[str]) -> list[str]:
    """Rows of numbers with decimal points instead of commas, where no row has a point."""
    if any("." in row for row in rows) or not any(DECIMAL_COMMA.search(row) for row in rows):
        return list(rows)
    return [row.replace(",", ".") for row in rows]
