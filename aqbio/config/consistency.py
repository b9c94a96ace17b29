"""Settings of the consistency fit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from aqbio.config.section import Section


class Consistency(Section):
    """Motion, forces and body made to obey Newton and Euler together."""

    enabled: bool = Field(
        default=True,
        description="Fit motion, forces and body together; `consistency: off` is short for "
        "`{enabled: false}`, the plain way.",
    )
    skin: Literal["new", "learnt"] = Field(
        default="learnt",
        description="What the errors of markers are believed to be. learnt: they last, as a "
        "constant and harmonics of the stride, of sizes that a first fit tells by segment "
        "(docs/consistency.md); in trials of two strides and more. new: each frame has its own, "
        "which takes a third of the time of the fit.",
    )
    drag_area_m2: Annotated[float, Field(ge=0)] = Field(
        default=0.45,
        description="Frontal area times drag coefficient of the runner, m²; 0 where there is no "
        "air to run against, as on a treadmill.",
    )
    samples: Annotated[int, Field(ge=0)] = Field(
        default=40, description="Samples of the posterior behind its intervals; 0: none."
    )
    held_out_folds: Annotated[int, Field(ge=0, le=20)] = Field(
        default=2,
        description="Parts into which the markers are divided, each left out once and predicted "
        "from the others, with and without forces (8: six of 46 at a time), beside each contact of "
        "the fastest trial, predicted without its forces; 0: neither is done.",
    )
    held_out_trials: Literal["fastest", "all"] = Field(
        default="fastest",
        description="Trials in which markers are left out: each participant's fastest, or all. A "
        "part takes as long as the fit of the trial.",
    )
