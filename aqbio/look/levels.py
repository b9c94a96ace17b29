"""Levels A, B and C of a model in motion, in the ground axes and on the clock of its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from aqbio.contributions.dataset import (
    Contributions,
    contributions_dataset,
    free_moment_findings,
    without_free_moment,
)
from aqbio.contributions.trial import (
    MAX_CLOSURE_ERROR,
    MAX_OPENSIM_ERROR,
    direction_of_travel,
    trial_contributions,
)
from aqbio.contributions.trial import force_findings as missing_forces
from aqbio.errors import Finding
from aqbio.gait.roles import RoleScheme
from aqbio.inverse_dynamics.fitted import FORCES_NOT_USED
from aqbio.look.inputs import ModelInMotion, reworded
from aqbio.look.muscles import MuscleForces
from aqbio.look.trust import (
    FlightDrift,
    Residual,
    along_run,
    flight_drift,
    residual,
    trust_findings,
)
from aqbio.observed.parts import observed_only
from aqbio.opensim.reference import reference_differences
from aqbio.prepare.prepared import MEASURED
from aqbio.rotation.induced import CONTACT_ROWS
from aqbio.rotation.levels import NO_ACTUATORS, PRIMARY, closure_errors
from aqbio.vectors import BoolArray, FloatArray

INDUCED_COORDINATES = "induced_coordinate_acceleration"
"""Variable with the acceleration of every free coordinate by source."""


TESTED = (
    "com", "ground_force", "residual_force", "residual_moment", "group_angular_momentum",
)  # fmt: skip
"""Variables that tests of mechanics read."""

FRAME = "ground axes of the OpenSim model and its files"


@dataclass(frozen=True)
class MotionLevels:
    """Levels A, B and C of a motion."""

    moving: ModelInMotion
    result: Contributions
    dataset: xr.Dataset
    """As the file of stage contributions, but in OpenSim's ground axes, at the times of the motion
    file, with `INDUCED_COORDINATES`."""
    heading: float
    """Direction of travel, rad to the left of +x."""
    closures: Mapping[str, float]
    """Relative error of every level's identity, and of level A against OpenSim."""
    findings: tuple[Finding, ...]
    """Of the inputs and of the levels."""
    residual: Residual | None
    """What forces and motion leave unexplained; None without forces of a whole body, and of a
    motion that is too short for its accelerations."""
    drift: FlightDrift | None
    """Change of the total angular momentum in flight; None where no flight shows it."""
    muscles: tuple[str, ...] = ()
    """Muscles that are sources of level C."""

    @property
    def with_forces(self) -> bool:
        """True if ground reaction forces were measured and are used in some frame."""
        return bool(self.result.measured.any())


def motion_levels(
    moving: ModelInMotion, muscles: MuscleForces | None = None, contact: str = PRIMARY
) -> MotionLevels:
    """Compute all levels of a motion; muscles are sources of level C where they are given.

    Accelerations of coordinates are those of the contact model `contact`.
    """
    actuators = NO_ACTUATORS if muscles is None else muscles.forces
    data, parts = moving.data, moving.parts
    result = trial_contributions(
        moving.model_map, moving.skeleton, data, moving.solution.motion, actuators
    )
    plates = data.attrs["events"] == "plates"
    dataset = contributions_dataset(result, data, 0.0, None if plates else parts)
    findings: list[Finding] = []
    if data.attrs["free_moment"] != MEASURED:
        dataset = without_free_moment(dataset, parts)
        findings += free_moment_findings("", str(data.attrs["free_moment"]))
    is_reported = any(finding.rule == "stance-unmeasured" for finding in moving.findings)
    if plates and not is_reported and not data.attrs.get(FORCES_NOT_USED):
        findings += missing_forces(result.measured, "", plates=plates)
    dataset = observed_only(dataset, parts, RoleScheme())
    if muscles is not None:
        dataset = _where_muscles_are_known(dataset, muscles)
        findings += muscles.findings
    frame_errors = closure_errors(result.levels)
    undetermined = _undetermined(frame_errors)
    dataset = _where_determined(dataset, undetermined)
    findings += _undetermined_findings(undetermined)
    dataset = _with_coordinates(dataset, result, contact)
    errors = _largest(frame_errors, undetermined)
    errors["A against OpenSim"] = _against_opensim(moving, result)
    heading = direction_of_travel(data, result.balance)
    dataset = _on_clock_of_file(dataset, moving).assign_attrs(heading=heading, frame=FRAME)
    run = along_run(dataset[list(TESTED)], heading)
    is_short = any(finding.rule == "motion-short" for finding in moving.findings)
    left = None if is_short else residual(run)
    drift = flight_drift(run, result.contacts, moving.cutoff_hz, start=moving.start)
    findings += [*_closure_findings(errors), *trust_findings(left, drift)]
    return MotionLevels(
        moving=moving,
        result=result,
        dataset=dataset,
        heading=heading,
        closures=errors,
        findings=(*moving.findings, *reworded(findings)),
        residual=left,
        drift=drift,
        muscles=tuple(actuators),
    )


def _undetermined(errors: Mapping[str, FloatArray]) -> dict[str, BoolArray]:
    """Frames (T,) by contact model in which level C does not close.

    Two feet that are held and legs that are straight leave the ground's answer undetermined: more
    is held than the joints can give.
    """
    return {
        model: np.any(
            [error > MAX_CLOSURE_ERROR for name, error in errors.items() if f"({model})" in name],
            axis=0,
        )
        for model in CONTACT_ROWS
    }


def _where_determined(dataset: xr.Dataset, undetermined: Mapping[str, BoolArray]) -> xr.Dataset:
    """Level C without the frames that are not determined under a contact model."""
    if not np.any(list(undetermined.values())):
        return dataset
    models = [str(name) for name in dataset["contact_model"].values]
    determined = xr.DataArray(
        ~np.stack([undetermined[model] for model in models], axis=1), dims=("time", "contact_model")
    )
    caused = [str(name) for name in dataset.data_vars if str(name).startswith("induced_")]
    return dataset.assign({name: dataset[name].where(determined) for name in caused})


def _undetermined_findings(undetermined: Mapping[str, BoolArray]) -> list[Finding]:
    """Findings of contact models that do not determine level C in some frames."""
    return [
        Finding(
            rule="contact-undetermined",
            severity="warning",
            what=f"contact model {model} holds the feet by more than the joints can give in "
            f"{int(frames.sum())} of {len(frames)} frames (straight legs, both feet down): level "
            "C is n/a there under it.",
            number=float(frames.sum()),
            unit="frames",
            fix=f"read another contact model there, such as {PRIMARY}.",
        )
        for model, frames in undetermined.items()
        if frames.any()
    ]


def _largest(
    errors: Mapping[str, FloatArray], undetermined: Mapping[str, BoolArray]
) -> dict[str, float]:
    """Largest error of every identity over the frames in which it has numbers."""
    largest = {}
    for name, error in errors.items():
        model = next((model for model in undetermined if f"({model})" in name), "")
        determined = error[~undetermined[model]] if model else error
        largest[name] = float(determined.max(initial=0.0))
    return largest


def _with_coordinates(dataset: xr.Dataset, result: Contributions, contact: str) -> xr.Dataset:
    """Add the accelerations of the free coordinates by source under one contact model."""
    skeleton = result.skeleton
    names = [skeleton.coordinates[index] for index in skeleton.free]
    induced = dataset["induced_com_acceleration"].sel(contact_model=contact)
    is_finite = np.isfinite(induced.values).all(axis=(1, 2))
    values = np.where(is_finite[:, None, None], result.levels.induced[contact].udot, np.nan)
    units = {"units": "rad/s2 or m/s2", "contact_model": contact}
    variable: tuple[Any, ...] = (("time", "source", "free_coordinate"), values, units)
    return dataset.assign({INDUCED_COORDINATES: variable}).assign_coords(free_coordinate=names)


def _where_muscles_are_known(dataset: xr.Dataset, muscles: MuscleForces) -> xr.Dataset:
    """Level C without the frames that the file of muscles does not cover."""
    is_covered = xr.DataArray(muscles.covered, dims="time")
    caused = [str(name) for name in dataset.data_vars if str(name).startswith("induced_")]
    return dataset.assign({name: dataset[name].where(is_covered) for name in caused})


def _on_clock_of_file(dataset: xr.Dataset, moving: ModelInMotion) -> xr.Dataset:
    """Times of the motion file instead of those from its first instant."""
    shifted = dataset.assign_coords(
        time=("time", dataset["time"].values + moving.start, dataset["time"].attrs)
    )
    events = {
        name: shifted[name] + moving.start for name in ("contact_touchdown", "contact_toe_off")
    }
    return shifted.assign(events)


def _against_opensim(moving: ModelInMotion, result: Contributions) -> float:
    """Relative difference of the whole body's angular momentum from OpenSim's, in some frames."""
    loads = result.levels.mechanics.loads
    return reference_differences(
        moving.model, moving.skeleton, moving.solution.motion, loads
    ).momentum


def _closure_findings(errors: Mapping[str, float]) -> list[Finding]:
    """Findings on identities that do not hold."""
    return [
        Finding(
            rule="closure",
            severity="error",
            what=f"level {name}: the sum is off by {error:.1e}, more than {limit:.0e}.",
            number=error,
            limit=limit,
            unit="relative",
            fix="report it to the developers.",
            invalidates="trial",
        )
        for name, error in errors.items()
        for limit in [MAX_OPENSIM_ERROR if "OpenSim" in name else MAX_CLOSURE_ERROR]
        if not error <= limit
    ]
