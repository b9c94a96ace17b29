"""All evidence of a study, from the participants' files and the sheets to one object per arm."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aqbio.io.capacities import read_capacities
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, GRAVITY, ROLE_GROUPS, SIDES
from aqbio.records.evidence_files import ARMS, OWN, STAGE
from aqbio.records.specifications import DEFAULT
from aqbio.records.step_files import participant_rows
from aqbio.stages.hypotheses.capacity_scores import capacity_scores
from aqbio.stages.hypotheses.contact_models import caused_shares
from aqbio.stages.hypotheses.precision import share_sds, statistic_sds
from aqbio.stages.hypotheses.speed_levels import speed_levels
from aqbio.stages.hypotheses.sprint_speeds import NORMAL, RESTRICTED, sprint_speeds
from aqbio.stages.hypotheses.trial_quality import trial_evidence
from aqbio.stats.athlete_values import athletes_from_steps
from aqbio.stats.evidence import (
    CHAINS,
    AthleteEvidence,
    Evidence,
    Presence,
    StepEvidence,
    TrialEvidence,
)
from aqbio.stats.registry import Registry
from aqbio.stats.timing import time_deviation

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Normalisation = Literal["dimensionless", "si"]

UPWARD = AXES.index("y")
LOADED = ("thigh_load", "shank_load", "arm_load")


@dataclass(frozen=True, eq=False)
class Gathered:
    """Evidence of a study and where every step and trial comes from.

    Attributes
    ----------
    evidence : Evidence
    own : dict of xarray.Dataset
        Evidence files of every participant, the study's own settings.
    arms : dict of xarray.Dataset
        Those of the other arms.
    levels : dict
        Speed level by (participant, trial).
    foot_velocity : (S, 101, 2) array, m/s
        Of push and swing foot in the flight of every step, forward relative to the pelvis.
    inputs : tuple
        Files that were read.
    """

    evidence: Evidence
    own: dict[str, xr.Dataset]
    arms: dict[str, xr.Dataset]
    levels: dict[tuple[str, str], int]
    foot_velocity: FloatArray
    inputs: tuple[Path, ...]


def gathered(
    study: Study, registry: Registry, without: Collection[tuple[str, str]] = ()
) -> Gathered:
    """Read the evidence of all participants.

    Parameters
    ----------
    study : Study
    registry : Registry
        What is held against the precision of a trial.
    without : collection of (participant, trial)
        Left out.
    """
    names = [one.participant_id for one in study.participants]
    folders = {name: study.folder(name, STAGE) for name in names}
    own, arms = (
        {name: _rest(read_dataset(folders[name] / file), name, without) for name in names}
        for file in (OWN, ARMS)
    )
    levels = {
        (name, trial): level
        for name, data in own.items()
        for trial, level in _levels(study, data).items()
    }
    trials = trial_evidence(study, own, levels)
    steps = step_evidence(study, own, trials, levels)

    def tables() -> Iterator[pd.DataFrame]:
        return (participant_rows(study, name, "contributions") for name in names)

    places = [
        (names[athlete], trial) for athlete, trial in zip(trials.athlete, trials.name, strict=True)
    ]
    precision = statistic_sds(
        steps,
        trials.athlete,
        [_posterior(study, name, trial) for name, trial in places],
        share_sds(tables(), places),
        registry,
    )
    models = study.settings.multiverse.contact_models
    evidence = Evidence(
        steps=steps,
        trials=replace(trials, statistic_sd=precision),
        athletes=athlete_evidence(study, steps, own),
        presence=_presence(study, own),
        limits=study.settings.quality,
        caused_shares=caused_shares(tables(), models, step_keys(steps, trials, names)),
        line_rates=_beside(own, "line_rate", "line"),
        arm_momenta=_beside(
            own,
            "arm_momentum_y",
            "arm_role",
            {name: _units(study, name, "dimensionless")[0] for name in names},
        ),
    )
    inputs = tuple(folder / file for folder in folders.values() for file in (OWN, ARMS))
    feet = np.concatenate([_normal(data)["foot_velocity"].values for data in own.values()])
    return Gathered(evidence, own, arms, levels, feet, inputs)


def _rest(data: xr.Dataset, name: str, without: Collection[tuple[str, str]]) -> xr.Dataset:
    """A participant's steps without those of the trials that are left out."""
    kept = [(name, str(trial)) not in without for trial in data["trial_id"].values]
    return data if all(kept) else data.isel(row=np.flatnonzero(kept))


def _posterior(study: Study, participant_id: str, trial_id: str) -> dict[str, float]:
    """Posterior standard deviations of a trial, the impulse in the unit of the evidence."""
    entries = study.read_manifest(participant_id, STAGE)["trials"]
    found = next(dict(one["posterior_sd"]) for one in entries if one["trial_id"] == trial_id)
    if "step_yaw_impulse" in found:
        found["step_yaw_impulse"] /= _units(study, participant_id, "dimensionless")[0]
    return found


def step_keys(
    steps: StepEvidence, trials: TrialEvidence, names: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Participant, trial and number of every step."""
    return [
        (names[athlete], trials.name[trial], number)
        for athlete, trial, number in zip(
            steps.athlete.tolist(), steps.trial.tolist(), steps.number.tolist(), strict=True
        )
    ]


def _normal(data: xr.Dataset) -> xr.Dataset:
    """Steps in the normal condition: all others are compared with these, never pooled."""
    return data.isel(row=np.flatnonzero(data["condition"].values == NORMAL))


def _beside(
    own: dict[str, xr.Dataset], name: str, dimension: str, units: Mapping[str, float] | None = None
) -> dict[str, FloatArray]:
    """Curves of all normal steps by what stands along a dimension; none where all are unknown.

    Parameters
    ----------
    units : mapping of participant to float, optional
        What the participant's curves are over.
    """
    parts = [_normal(data)[name] / (units or {}).get(who, 1.0) for who, data in own.items()]
    labels = [str(label) for label in parts[0][dimension].values] if parts else []
    curves = {
        label: np.concatenate([part.sel({dimension: label}).values for part in parts])
        for label in labels
    }
    return {label: values for label, values in curves.items() if np.isfinite(values).any()}


def _levels(study: Study, data: xr.Dataset) -> dict[str, int]:
    """Speed level of every normal trial of a participant, by its mean step speed."""
    normal = _normal(data)
    trials = normal["trial_id"].values
    speeds = {
        str(trial): float(normal["speed"].values[trials == trial].mean())
        for trial in dict.fromkeys(trials.tolist())
    }
    return speed_levels(speeds, study.settings.hypotheses.speed_gap)


def step_evidence(
    study: Study,
    files: dict[str, xr.Dataset],
    trials: TrialEvidence,
    levels: dict[tuple[str, str], int],
    arm: str = DEFAULT,
    normalisation: Normalisation = "dimensionless",
) -> StepEvidence:
    """Give the steps of all participants under one arm.

    Parameters
    ----------
    files : dict of xarray.Dataset
        By participant: those of the study's own settings, or those of the other arms.
    trials : TrialEvidence
    levels : dict
        Speed levels: the study's own for all arms.
    arm : str
    normalisation : {"dimensionless", "si"}
    """
    people = list(files)
    place = {
        (people[athlete], name): index
        for index, (athlete, name) in enumerate(zip(trials.athlete, trials.name, strict=True))
    }
    parts = []
    for athlete, (name, data) in enumerate(files.items()):
        chosen = _normal(data.isel(row=np.flatnonzero(data["arm"].values == arm)))
        known = [(name, str(trial)) in place for trial in chosen["trial_id"].values]
        chosen = chosen.isel(row=np.flatnonzero(known))
        keys = [(name, str(trial)) for trial in chosen["trial_id"].values]
        columns = _columns(chosen, _units(study, name, normalisation))
        columns["athlete"] = np.full(len(keys), athlete)
        columns["trial"] = np.array([place[key] for key in keys], dtype=int)
        columns["level"] = np.array([levels[key] for key in keys], dtype=int)
        parts.append(columns)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    joined["time_deviation"] = time_deviation(
        joined["contact"] + joined["flight"], joined["athlete"], joined["level"], joined["side"]
    )
    return StepEvidence(**joined)


def _columns(data: xr.Dataset, units: tuple[float, float]) -> dict[str, Any]:
    """Columns of one participant's steps, but for who, which trial and which speed."""
    count, groups = data.sizes["row"], len(ROLE_GROUPS)
    momentum_unit, moment_unit = units
    columns: dict[str, Any] = {
        name: data[name].values
        for name in (
            "speed", "contact", "flight", "force_peak", "swing_peak", "hub_share", "lateral_ratio",
            "push_index", "swing_index",
        )
    }  # fmt: skip
    columns["number"] = data["number"].values.astype(int)
    columns["side"] = np.array([SIDES.index(str(side)) for side in data["side"].values], dtype=int)
    columns["steady"] = data["steady"].values.astype(bool)
    columns["yaw_impulse"] = data["yaw_impulse"].values / momentum_unit
    for name, shape in (
        ("momentum", (2, 101, groups, 3)),
        ("rate", (2, 101, groups, 3)),
        ("external_moment", (2, 101, 3)),
        ("hub_torque", (101, len(CHAINS))),
    ):
        own = name in data
        columns[name] = data[name].values if own else np.full((count, *shape), np.nan)
    if "momentum_y" in data:
        columns["momentum"][:, 0, :, :, UPWARD] = data["momentum_y"].values
    for name, unit in (
        ("momentum", momentum_unit),
        ("push_index", moment_unit),
        ("swing_index", moment_unit),
    ):
        columns[name] = columns[name] / unit
    return columns


def _units(study: Study, participant_id: str, normalisation: Normalisation) -> tuple[float, float]:
    """Units of momentum, m Ht sqrt(g Ht), and of moments, m g Ht.

    1 where SI is asked for, and for everybody where one participant's stature is unknown: numbers
    of different units are never pooled.
    """
    heights = [one.height_m for one in study.participants]
    height = study.participant(participant_id).height_m
    masses = [one.get("mass_kg") for one in study.read_manifest(participant_id, STAGE)["trials"]]
    known = [mass for mass in masses if mass is not None]
    if normalisation == "si" or height is None or None in heights or not known:
        return 1.0, 1.0
    mass = float(known[0])
    return mass * height * float(np.sqrt(GRAVITY * height)), mass * GRAVITY * height


def athlete_evidence(
    study: Study, steps: StepEvidence, files: dict[str, xr.Dataset], arm: str = DEFAULT
) -> AthleteEvidence:
    """Numbers of the athletes: capacities from the sheet, sprints by condition."""
    names = list(files)
    push, swing = (np.full(len(names), np.nan) for _ in range(2))
    if study.capacities_file is not None:
        push, swing = capacity_scores(read_capacities(study.capacities_file, names), names)
    return athletes_from_steps(
        steps,
        tuple(names),
        push_capacity=push,
        swing_capacity=swing,
        normal=sprint_speeds(study, files, NORMAL, arm),
        restricted=sprint_speeds(study, files, RESTRICTED, arm),
    )


def _presence(study: Study, own: dict[str, xr.Dataset]) -> Presence:
    """What the study has, whatever its numbers."""
    conditions = {trial.condition for trial in study.trials if trial.include == "yes"}
    maximal = {
        trial.condition
        for trial in study.trials
        if trial.include == "yes" and trial.effort == "maximal"
    }
    capacities = study.capacities_file
    people = [one.participant_id for one in study.participants]
    steps = [data for data in own.values() if data.sizes["row"]]
    return Presence(
        arms=_shown(steps, ("arms",)),
        legs=not steps or _shown(steps, ("push_leg", "swing_leg")),
        forces=any(bool(np.isfinite(one["lateral_ratio"]).any()) for one in steps),
        capacities=capacities is not None and bool(read_capacities(capacities, people)),
        restricted_arms={NORMAL, RESTRICTED} <= maximal,
        one_sided_loads=bool(conditions & set(LOADED)),
        matched_speed=False,
        accelerating=False,
        reasons=_unseen(study),
    )


def _shown(steps: Sequence[xr.Dataset], roles: Sequence[str]) -> bool:
    """Whether the momentum of all these roles is known in some step's contact."""
    columns = [ROLE_GROUPS.index(role) for role in roles]
    known = (np.isfinite(one["momentum"].values[:, 0][:, :, columns]).all(axis=2) for one in steps)
    return any(bool(one.any()) for one in known)


def _unseen(study: Study) -> dict[str, str]:
    """Why no step shows arms or legs, from what stage evidence says of every trial."""
    said: dict[str, dict[str, None]] = {}
    for one in study.participants:
        for entry in study.read_manifest(one.participant_id, STAGE)["trials"]:
            for limbs, why in (entry.get("unseen") or {}).items():
                said.setdefault(limbs, {})[why] = None
    return {limbs: "; ".join(reasons) for limbs, reasons in said.items()}
