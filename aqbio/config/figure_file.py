"""Figures of one's own: the content of figures.yaml, beside study.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aqbio.config.section import Positive, Section

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=100)]


class FigureStyle(Section):
    """How figures of one's own look, where not as the study's."""

    typeface: str = Field(default="", description="Name of a typeface; empty: as the study's.")
    letters: Positive = Field(default=1.0, description="Size of letters over the study's.")
    lines: Positive = Field(default=1.0, description="Width of lines over the study's.")
    colours: dict[Colour, Colour] = Field(
        default={},
        description="Other colours for those of the study, `#RRGGBB: #RRGGBB`; pale ones follow.",
    )


class OwnFigure(Section):
    """One figure: one or several of the study's, one below the other."""

    of: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        description="Names of figures of the study, as in `figures/figures.json`."
    )
    width_mm: Positive = Field(default=180.0, description="Width on paper, mm.")
    formats: tuple[Literal["pdf", "svg"], ...] = Field(
        default=("pdf", "svg"), description="Files that are written."
    )
    title: str = Field(default="", description="Title in the caption; empty: those of its parts.")
    style: FigureStyle | None = Field(default=None, description="Its own look; none: that of all.")


class FigureFile(Section):
    """Content of figures.yaml."""

    style: FigureStyle = Field(default=FigureStyle(), description="Look of all figures in here.")
    figures: dict[Name, OwnFigure] = Field(default={}, description="Figures by name.")

    @model_validator(mode="after")
    def _no_figure_twice(self) -> FigureFile:
        """Refuse a figure that has the same one twice: its letters and legend would be doubled."""
        for name, figure in self.figures.items():
            if len(set(figure.of)) < len(figure.of):
                raise ValueError(f"figure {name} has one of its figures twice.")
        return self
