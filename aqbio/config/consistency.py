"""Settings of stage consistency: weights, global parameters with their priors, posterior."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from aqbio.config.section import Positive, Section


class GlobalParameter(Section):
    """One number of the body or the laboratory that the consistency fit may estimate."""

    fitted: bool = Field(description="Estimate it from the data; otherwise it stays at its prior.")
    prior: float = Field(
        description="Value that is expected before the data are seen (s, m, m² or relative)."
    )
    prior_sd: Positive = Field(description="Standard deviation of that expectation.")
    lowest: float = Field(
        description="Smallest estimate that is believed; below it, `consistency-suspect`."
    )
    highest: float = Field(
        description="Largest estimate that is believed; above it, `consistency-suspect`."
    )

    @model_validator(mode="after")
    def _prior_inside(self) -> GlobalParameter:
        if not self.lowest <= self.prior <= self.highest:
            raise ValueError(f"prior {self.prior:g} is outside {self.lowest:g} to {self.highest:g}")
        return self


def _parameter(sd: float, limit: float) -> GlobalParameter:
    """A parameter that is expected to be zero, with limits on both sides."""
    return GlobalParameter(fitted=True, prior=0.0, prior_sd=sd, lowest=-limit, highest=limit)


class GlobalParameters(Section):
    """Global parameters of the consistency fit, one estimate per session."""

    clock_offset: GlobalParameter = _parameter(0.003, 0.006)
    drag_area: GlobalParameter = GlobalParameter(
        fitted=False, prior=0.45, prior_sd=0.15, lowest=0.2, highest=0.8
    )
    mass: GlobalParameter = _parameter(0.01, 0.03)
    leg_share: GlobalParameter = _parameter(0.10, 0.25)
    pelvis_share: GlobalParameter = _parameter(0.10, 0.25)
    cop_offset_x: GlobalParameter = _parameter(0.003, 0.008)
    cop_offset_z: GlobalParameter = _parameter(0.003, 0.008)

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: object) -> object:
        """Let a study change one number of a parameter: the others keep their defaults."""
        if not isinstance(given, dict):
            return given
        defaults = {name: field.default for name, field in cls.model_fields.items()}
        return {
            name: {**defaults[name].model_dump(), **value}
            if name in defaults and isinstance(value, dict)
            else value
            for name, value in given.items()
        }


class Consistency(Section):
    """Motion, forces and body made to obey Newton and Euler together."""

    enabled: bool = Field(
        default=True,
        description="Fit motion, forces and body together; `consistency: off` is short for "
        "`{enabled: false}`, the plain way.",
    )
    sigma_force_n: Positive = Field(
        default=30.0,
        description="Standard deviation of the residual force per frame, N: 30 with 10 N m for "
        "angular momentum and totals, 100 with 30 N m for the rates of single groups.",
    )
    sigma_moment_nm: Positive = Field(
        default=10.0, description="Standard deviation of the residual moment per frame, N m."
    )
    sigma_marker_m: Positive = Field(
        default=0.010,
        description="Standard deviation of a marker whose segment has the middling soft tissue, m.",
    )
    correlation: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.4,
        description="Share of the soft-tissue variance that the markers of one segment have in "
        "common.",
    )
    skin: Literal["new", "learnt"] = Field(
        default="learnt",
        description="What the errors of markers are believed to be. learnt: they last, as a "
        "constant and harmonics of the stride, of sizes that a first fit tells by segment "
        "(docs/consistency.md); in trials of two strides and more. new: each frame has its own, "
        "which takes a third of the time of the fit.",
    )
    parameters: GlobalParameters = GlobalParameters()
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
