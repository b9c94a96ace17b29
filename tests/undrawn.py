"""Figures that are laid out, with their numbers and words, and not drawn: empty files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from aqbio.figures import stage
from aqbio.io.atomic import write_text


def draw_nothing(patched: pytest.MonkeyPatch) -> None:
    """Let stage figures draw nothing: for tests that look at everything else."""
    empty = tuple(replace(figure, draw=lambda *_: Figure()) for figure in stage.FIGURES)
    patched.setattr(stage, "FIGURES", empty)
    patched.setattr(stage, "save_figure", _save_nothing)


def _save_nothing(_: Figure, stem: Path, formats: Sequence[str]) -> list[Path]:
    files = [stem.with_name(f"{stem.name}.{suffix}") for suffix in formats]
    for file in files:
        write_text(file, '<svg viewBox="0 0 72 72"/>')
    return files
