"""Settings of figures and page."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aqbio.config.section import Positive, Section


class Figures(Section):
    """Figures for the page and for a paper."""

    widths_mm: tuple[Positive, ...] = Field(
        default=(85.0, 180.0), description="Widths of the figures, mm (one and two columns)."
    )
    formats: tuple[Literal["pdf", "svg"], ...] = Field(
        default=("pdf", "svg"), description="File formats of the figures."
    )
    speed_edges_mps: tuple[float, ...] = Field(
        default=(0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0),
        description="Edges of the speed classes that stand side by side, m/s; a trial goes by its "
        "mean step speed, the last class is open.",
    )


class Report(Section):
    """The page."""

    title: str = Field(default="", description="Title of the page; empty: the study's name.")
    authors: str = Field(default="", description="Line under the title.")
