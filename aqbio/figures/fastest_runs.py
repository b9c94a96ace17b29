"""Every athlete's fastest run: what causes the ground force, and what the legs' joints do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aqbio.figures.force_sources import MEASURED, part_of
from aqbio.figures.joint_work import JOINTS, ROLES
from aqbio.figures.phase_means import phase_means
from aqbio.gait.curves import role_scheme, step_dataset
from aqbio.gait.signals import JOINT_ROLES, named_parts, role_parts
from aqbio.gait.step_files import recorded_steps
from aqbio.gait.steps import Step
from aqbio.io.netcdf import read_some
from aqbio.io.study import Study
from aqbio.names import GRAVITY, NORMAL
from aqbio.steps.rows import level_curves
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

PRIMARY = "C2"
"""Contact model whose sources are drawn."""

SUMS = ("push_side", "swing_side", "ankle_toes")
"""How sources begin that are sums of others."""

CAUSES = ("induced_ground_force", "induced_momentum_rate", "ground_force", "group_angular_momentum")
"""Of contributions: what the causes of the ground force are told of."""

UNITS = {"angle": "deg", "moment": "N m/kg", "power": "W/kg"}

WORK = ("joint_moment_coordinate", "joint_power", "group_angular_momentum", "ground_force")
"""Of contributions: moments and power of joints, and what has axes with and without forces."""

Curves = dict[tuple[str, str], FloatArray]
"""(phases, 101) array by quantity and line."""


def fastest_runs(outcomes: pd.DataFrame) -> list[tuple[str, str]]:
    """Participant and trial of every athlete's fastest run, in the usual condition if possible."""
    kept = outcomes[(outcomes["status"] == "ok") & outcomes["speed_mps"].notna()]
    usual = kept[kept["condition"] == NORMAL]
    speeds = (usual if len(usual) else kept).groupby(["participant_id", "trial_id"], sort=True)
    means = speeds["speed_mps"].mean().reset_index()
    fastest = means.loc[means.groupby("participant_id")["speed_mps"].idxmax()]
    return [(str(who), str(trial)) for who, trial in fastest.iloc[:, :2].to_numpy().tolist()]


def run_files(study: Study, runs: list[tuple[str, str]]) -> list[Path]:
    """Files that the figures of these runs rest on."""
    return [
        study.folder(who, stage) / f"{trial}.nc"
        for who, trial in runs
        for stage in ("contributions", "inverse_dynamics")
    ]


def force_source_numbers(study: Study, outcomes: pd.DataFrame) -> pd.DataFrame:
    """The ground force over stance by its sources, body weights, mean over athletes."""
    told = [
        curves
        for (contributions, _), steps, mass in _runs(study, outcomes)
        if (curves := _sources(study, read_some(contributions, CAUSES), steps, mass))
    ]
    return phase_means(told, dict.fromkeys("xyz", "BW"))


def joint_work_numbers(study: Study, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Angles (deg), moments (N m/kg) and powers (W/kg) of the legs' joints, mean over athletes."""
    told = [
        _work(study, read_some(contributions, WORK), read_some(motion, ["q"]), steps, mass)
        for (contributions, motion), steps, mass in _runs(study, outcomes)
    ]
    return phase_means(told, UNITS)


def _runs(study: Study, outcomes: pd.DataFrame) -> Iterator[tuple[list[Path], list[Step], float]]:
    """Files, steps and body mass (kg) of every athlete's fastest run."""
    for who, trial in fastest_runs(outcomes):
        own = outcomes[(outcomes["participant_id"] == who) & (outcomes["trial_id"] == trial)]
        own = own[own["status"] == "ok"]
        mass_kg = float(own["mass_kg"].iloc[0])
        yield run_files(study, [(who, trial)]), list(recorded_steps(own)), mass_kg


def _sources(study: Study, found: xr.Dataset, steps: list[Step], mass_kg: float) -> Curves:
    if "induced_ground_force" not in found or PRIMARY not in found["contact_model"].values:
        return {}
    curves = level_curves(found, steps, role_scheme(study)).sel(phase=["stance"])
    caused = curves["induced_ground_force"].sel(contact_model=PRIMARY).mean("step")
    caused = caused.transpose("source", "phase", "percent", "axis") / (mass_kg * GRAVITY)
    measured = step_dataset(found, steps, None, role_scheme(study), ("ground_force",))[
        "ground_force"
    ].sel(phase=["stance"])
    told: Curves = {}
    for number, axis in enumerate(caused["axis"].values.tolist()):
        for source in [one for one in caused["source"].values.tolist() if not one.startswith(SUMS)]:
            key = (str(axis), part_of(str(source)))
            told[key] = told.get(key, 0.0) + caused.sel(source=source).values[..., number]
        whole = measured.sel(axis=axis).mean("step").values / (mass_kg * GRAVITY)
        told[str(axis), MEASURED] = whole
    return told


def _work(
    study: Study, found: xr.Dataset, motion: xr.Dataset, steps: list[Step], mass_kg: float
) -> Curves:
    scheme, mapped = role_scheme(study), study.model_map
    flexion = {
        f"{joint}_{side}": (coordinate, mapped.flexion[joint])
        for joint, place in mapped.sagittal.items()
        if joint in mapped.flexion and joint in JOINTS
        for side, coordinate in place.model_dump().items()
    }
    angles = np.stack(
        [sign * motion["q"].sel(coordinate=name).values for name, sign in flexion.values()], axis=1
    )
    trial = found.assign(joint_angle=(("time", "angle_joint"), angles)).assign_coords(
        angle_joint=list(flexion)
    )
    parts = {**role_parts(scheme, mapped), **named_parts(angle_joint=JOINT_ROLES)}
    names = ("joint_angle", "joint_flexion_moment", "joint_power")
    curves = step_dataset(trial, steps, mapped, scheme, names, parts).mean("step")
    wanted: Mapping[str, tuple[str, str, float]] = {
        "angle": ("joint_angle", "angle_joint", 180.0 / np.pi),
        "moment": ("joint_flexion_moment", "joint", 1.0 / mass_kg),
        "power": ("joint_power", "joint", 1.0 / mass_kg),
    }
    return {
        (quantity, f"{joint}_{role}"): factor
        * curves[name].sel({dimension: f"{joint}_{role}"}).transpose("phase", "percent").values
        for quantity, (name, dimension, factor) in wanted.items()
        for joint in JOINTS
        for role in ROLES
    }
