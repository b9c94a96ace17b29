"""All evidence of a study, from the participants' files and the sheets, by specification."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import Strength
from aqbio.errors import AqbioError
from aqbio.gait.step_files import (
    STEADY_SPEED_CHANGE,
    TURNING,
    flagged,
    participant_rows,
    speed_gains,
)
from aqbio.hypotheses.contact_models import CONTACT_MODELS, caused_shares
from aqbio.hypotheses.measured import with_measurement
from aqbio.hypotheses.measurement_draws import shared_draws, trial_draws
from aqbio.hypotheses.trial_quality import (
    INVALIDATED,
    invalidated_outcomes,
    trial_table,
    without_fit,
)
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_table
from aqbio.multiverse.files import STAGE, ParticipantCache, evidence_rows, step_curves, step_tables
from aqbio.multiverse.specifications import DEFAULT
from aqbio.names import GRAVITY, NORMAL
from aqbio.stats.athlete_statistics import COVARIATES, athletes_from_steps
from aqbio.stats.claim_columns import JOINT, RATING, SPEED, STRENGTHS, outcome_units
from aqbio.stats.contrasts import with_scatter
from aqbio.stats.evidence import CAUSED, SIDED, TRIAL, Evidence, Presence
from aqbio.stats.leg_strength import (
    gains_of_strength,
    running_gains,
    session_strengths,
    stated_of_legs,
)
from aqbio.stats.measurement import DRAWN, STEP_ERRORS
from aqbio.stats.registry import Contrast, asked_registry
from aqbio.stats.step_numbers import CONTRIBUTORS, evidence_columns, with_deviations
from aqbio.stats.units import ERROR, FREEDOM, OF_A_DAY
from aqbio.study.internal import Parts, contained
from aqbio.study.manifest import OK
from aqbio.vectors import FloatArray

# strengths ----------------------------------------------------------------------------------------


def capacity_scores(rows: Sequence[Strength], names: Sequence[str]) -> dict[str, FloatArray]:
    """Capacity of push and swing side of every athlete, and its errors.

    Each measure is standardised over athletes (newton metres of a knee and watts of a hip have no
    common unit) and averaged over the side; NaN for an athlete without every measure.
    ``_error`` (standard error, of the scatter of repetitions; NaN without any), ``_df`` and
    ``_per_day`` are beside each (`aqbio.stats.units`).
    """
    measurements = [
        (row.participant_id, str((row.side, *row.measure)), row.role, row.si[0]) for row in rows
    ]
    table = pd.DataFrame(measurements, columns=["athlete", "measure", "side", "value"])
    columns: dict[str, FloatArray] = {}
    for side in ("push", "swing"):
        scores, noise, of_a_day, freedom = [], [], [], 0
        for _, tests in table[table["side"] == side].groupby("measure"):
            by_athlete = tests.groupby("athlete")["value"]
            means, counts = by_athlete.mean(), by_athlete.count()
            spread, free = means.std() or np.nan, int((counts - 1).sum())
            squares = float(((tests["value"] - by_athlete.transform("mean")) ** 2).sum())
            variance = squares / free * float((1.0 / counts).mean()) if free else np.nan
            scores.append(((means - means.mean()) / spread).reindex(list(names)).to_numpy())
            noise.append(variance / spread**2)
            of_a_day.append((means.mean() / spread) ** 2)
            freedom += free
        unknown = np.full(len(names), np.nan)
        columns[f"{side}_capacity"] = np.mean(scores, axis=0) if scores else unknown
        for ending, squares_of in ((ERROR, noise), (OF_A_DAY, of_a_day)):
            square = np.mean(squares_of) / len(squares_of) if squares_of else np.nan
            columns[f"{side}_capacity{ending}"] = np.full(len(names), np.sqrt(square))
        columns[f"{side}_capacity{FREEDOM}"] = np.full(len(names), float(freedom))
    return columns


# evidence by specification ------------------------------------------------------------------------

UNITS = {"yaw_impulse": 0, "push_index": 1, "swing_index": 1} | {
    f"momentum_{name}": 0 for name in CONTRIBUTORS
}
"""Numbers of a step with a unit of momentum (0) or of moment (1)."""

UNFITTED = "consistency=off"
"""The choice under which no motion is made consistent with forces."""


@dataclass(frozen=True, eq=False)
class StudyEvidence:
    """Evidence of a study under its own settings and under other specifications."""

    study: Study
    evidence: Evidence
    """Under the study's own settings."""
    rows: Callable[[str], pd.DataFrame]
    """From a specification to the steps of all participants under it, in SI units; one
    specification in memory."""
    invalidated: Mapping[tuple[str, str], Mapping[str, str]]
    """Outcomes that failed measures invalidate, by trial and column of `INVALIDATED`."""

    def under(self, specification: str) -> Evidence:
        """Return the evidence under a specification, about the same trials and speeds."""
        rows = self.rows(specification)
        default_steps = self.evidence.steps
        levels = default_steps.drop_duplicates(TRIAL).set_index(TRIAL)["level"]
        steps = _study_steps(self.study, rows, levels)
        plain = UNFITTED in specification.split()
        invalidated = partial(_with_invalidated, self.invalidated, INVALIDATED[plain])
        # shares induced by joint moments are not recomputed
        presence = replace(self.evidence.presence, causes=False)
        trials = self.evidence.trials
        if plain:
            trials = without_fit(trials)
        evidence = replace(self.evidence, steps=steps, trials=trials, presence=presence)
        evidence = _with_later(evidence, self.study, rows, invalidated)
        evidence = _with_athletes(evidence, self.study, rows)
        return replace(evidence, sprints=invalidated(evidence.sprints))


def _with_invalidated(
    outcomes: Mapping[tuple[str, str], Mapping[str, str]], column: str, table: pd.DataFrame
) -> pd.DataFrame:
    """Add the invalidated outcomes of every row's trial to a table of steps or trials."""
    keys = zip(table["participant_id"].astype(str), table["trial_id"].astype(str), strict=True)
    return table.assign(invalidated=[outcomes.get(key, {}).get(column, "") for key in keys])


def gather_evidence(study: Study, without: Collection[tuple[str, str]] = ()) -> StudyEvidence:
    """Read the evidence of all participants, without the excluded (participant, trial) pairs."""
    people = [
        participant_rows(study, person.participant_id, "steps") for person in study.participants
    ]
    tables, step_values = step_tables(study), cache(partial(_step_values, study, people))
    judged_steps = joined(people, [*TRIAL, "step", "step_flags"])

    def rows(specification: str) -> pd.DataFrame:
        table = evidence_rows(study, tables, list(evidence_columns()), specification)
        table = without_turns(table, judged_steps)
        keys = zip(table["participant_id"], table["trial_id"], strict=True)
        included = table[np.array([key not in without for key in keys], dtype=bool)]
        return _with_outcomes(study, included, step_values)

    default = rows(DEFAULT)
    normal = default[(default["condition"] == NORMAL) & _first_sessions(study, default)]
    speeding = accelerating_trials(normal)
    steps = _study_steps(study, default, _levels(normal, speeding))
    names = [participant.participant_id for participant in study.participants]

    contributions = (participant_rows(study, name, "contributions") for name in names)
    shares = caused_shares(contributions, CONTACT_MODELS)
    keys = pd.MultiIndex.from_arrays([*(steps[name].astype(str) for name in TRIAL), steps["step"]])
    steps = steps.assign(
        **{f"{CAUSED}{model}": share.reindex(keys).to_numpy() for model, share in shares.items()}
    )
    trials = trial_table(study, steps)
    outcomes = invalidated_outcomes(study, read_table(study.table("quality.tsv")))
    invalidated = partial(_with_invalidated, outcomes, INVALIDATED[False])
    entries = _multiverse_entries(study, list(trials.index))
    shared = trial_draws(study, steps, entries)
    errors = _trial_errors(study, trials.index, entries, shared)
    requested = [
        contrast.outcome
        for contrast in _contrasts(study)
        if contrast.take != "scatter" and contrast.outcome not in STRENGTHS
    ]
    requested += _formula_columns(study)
    evidence = Evidence(
        steps=steps,
        trials=trials.assign(**errors),
        athletes=steps[["participant_id"]],  # replaced by `_with_athletes`
        sprints=default,
        curves=partial(_curves, study, step_curves(study)),
        shared_draws=shared_draws(study, requested, joined(people, EVENT_COLUMNS)) | shared,
        presence=replace(
            _presence(study, default, causes=bool(shares)), accelerations=bool(speeding)
        ),
        limits=study.settings.quality,
    )
    evidence = _with_later(evidence, study, default, invalidated)
    evidence = _with_athletes(evidence, study, default)
    evidence = replace(evidence, sprints=invalidated(evidence.sprints))
    return StudyEvidence(study, evidence, rows, outcomes)


def _mass(study: Study, participant_id: str) -> float:
    """Mass of a participant, kg; NaN where no trial gives it."""
    masses = [
        trial.get("mass_kg") for trial in study.read_manifest(participant_id, STAGE)["trials"]
    ]
    return next((float(mass) for mass in masses if mass is not None), np.nan)


def _curves(study: Study, curves: ParticipantCache[xr.Dataset], participant_id: str) -> xr.Dataset:
    """Curves of a participant, angular momentum in the unit of the evidence."""
    data = curves.of(participant_id)
    unit = _units(study, participant_id)[0]
    return data.assign(angular_momentum=data["angular_momentum"] / unit)


def _with_athletes(evidence: Evidence, study: Study, rows: pd.DataFrame) -> Evidence:
    """Add sprints, covariates and strengths of athletes to the evidence."""
    athletes = athletes_from_steps(evidence.steps)
    names = list(athletes.index)
    people = {participant.participant_id: participant for participant in study.participants}
    covariates = {
        name: [getattr(people[athlete], name) for athlete in names] for name in COVARIATES
    }
    athletes = athletes.assign(**covariates, **capacity_scores(study.strength, names))
    preferred = {name: people[name].preferred_leg for name in names}
    athletes = athletes.assign(**stated_of_legs(study.strength, preferred))
    sessions = tested_sessions(study)
    gains = gains_of_strength(study.strength, {name: sessions.get(name) for name in names})
    legs = running_gains(evidence.steps, evidence.later_steps)
    athletes = athletes.assign(
        **gains,
        **{name: values.reindex(names).to_numpy() for name, values in legs.items()},
        gained_speed=_gained_speed(evidence, athletes["fastest"]),
    )
    participant_ids = evidence.steps["participant_id"].astype(str)
    fastest = participant_ids.map(athletes["fastest"]).astype(float)
    steps = evidence.steps.assign(relative_speed=evidence.steps["speed_mps"] / fastest)
    clusters = {
        name: participant.cluster
        for participant in study.participants
        for name in (participant.participant_id, participant.person)
        if participant.cluster is not None and name is not None
    }
    return replace(
        evidence, steps=steps, athletes=athletes, sprints=_sprints(study, rows), clusters=clusters
    )


def tested_sessions(study: Study) -> dict[str, str]:
    """Last session with strengths of every person with several, by the first session's row."""
    tested = {row.participant_id for row in study.strength}
    rows: dict[str, list[str]] = {}
    for participant in study.participants:
        if participant.person is not None:
            rows.setdefault(participant.person, []).append(participant.participant_id)
    return {
        names[0]: later[-1]
        for names in rows.values()
        if names[0] in tested and (later := [name for name in names[1:] if name in tested])
    }


def _with_later(
    evidence: Evidence,
    study: Study,
    rows: pd.DataFrame,
    invalidated: Callable[[pd.DataFrame], pd.DataFrame],
) -> Evidence:
    """Add the steps of the last session, under the name of the first one."""
    sessions = tested_sessions(study)
    if not sessions:
        return evidence
    of_last = {last: first for first, last in sessions.items()}
    is_last = rows["participant_id"].astype(str).isin(of_last)
    normal = rows[is_last & (rows["condition"] == NORMAL)]
    steps = invalidated(_study_steps(study, normal, _levels(normal, accelerating_trials(normal))))
    names = steps["participant_id"].astype(str).map(of_last)
    return replace(evidence, later_steps=steps.assign(participant_id=names))


def _gained_speed(evidence: Evidence, fastest: pd.Series[float]) -> pd.Series[float]:
    """Logarithm of the last session's highest speed over the first one's; NaN with one session."""
    later = evidence.later_steps
    if later.empty:
        return fastest * np.nan
    means = later.groupby(["participant_id", "level"])["speed_mps"].mean().groupby(level=0).max()
    return (means.reindex(fastest.index) / fastest).map(np.log)


def _contrasts(study: Study) -> list[Contrast]:
    """Contrasts that a study asks for."""
    return [
        hypothesis.contrast
        for hypothesis in asked_registry(study).hypotheses
        if hypothesis.contrast is not None
    ]


def _formula_columns(study: Study) -> list[str]:
    """Columns that formulas of a study read."""
    formulas = (hypothesis.formula for hypothesis in asked_registry(study).hypotheses)
    return sorted({name for formula in formulas if formula is not None for name in formula.names})


STRENGTH_COLUMNS = [
    *(f"{name}{ending}" for name in STRENGTHS for ending in ("", ERROR, FREEDOM, OF_A_DAY)), "hurt",
]  # fmt: skip
"""Columns of sprints on strength, of studies that ask for it."""


def _asks_strength(contrast: Contrast) -> bool:
    """Tell whether a contrast is about a strength, holds one, or depends on one."""
    requested = (contrast.outcome, contrast.moderator, *contrast.held_equal)
    return any(name in STRENGTHS for name in requested)


def _step_values(
    study: Study, people: Sequence[pd.DataFrame], names: tuple[str, ...]
) -> pd.DataFrame:
    """Columns of steps.tsv and joint moments of all participants, whatever the specification.

    By trial and step. `people`: rows of steps by participant.
    """
    joints = [name for name in names if JOINT.fullmatch(name)]
    keys = [*TRIAL, "step"]
    columns = [name for name in names if name not in joints]
    table = joined(people, [*keys, *columns]).astype(dict.fromkeys(TRIAL, str))
    values = table.set_index(keys).astype(float)
    return values.join(_joint_values(study, joints)) if joints else values


def _joint_values(study: Study, names: Sequence[str]) -> pd.DataFrame:
    """Joint moments over stance (`aqbio.stats.registry.JOINT`) of all people, by trial and step."""
    keys = [*TRIAL, "step"]
    parts = []
    for participant in study.participants:
        rows = participant_rows(study, participant.participant_id, "contributions")
        rows = rows[(rows["level"] == "joint") & (rows["phase"] == "stance")]
        name = "joint_" + rows["source"].astype(str) + "_" + rows["statistic"].astype(str)
        name += "_" + rows["axis"].astype(str)
        chosen = rows[name.isin(names)][[*keys, "value"]].assign(name=name)
        parts.append(chosen.astype(dict.fromkeys(TRIAL, str)))
    return pd.concat(parts).pivot_table("value", keys, "name").reindex(columns=list(names))


def _with_outcomes(
    study: Study, rows: pd.DataFrame, step_values: Callable[[tuple[str, ...]], pd.DataFrame]
) -> pd.DataFrame:
    """Rows with the outcomes of the study's contrasts, from steps.tsv, the sheet, or as scatter."""
    contrasts, keys = _contrasts(study), [*TRIAL, "step"]
    steps = pd.MultiIndex.from_frame(rows[keys].astype(dict.fromkeys(TRIAL, str)))
    outcomes: dict[str, Any] = {}
    requested = {contrast.outcome for contrast in contrasts}
    joints = {name for name in _formula_columns(study) if JOINT.fullmatch(name)}
    requested |= {name for name in _formula_columns(study) if name in outcome_units()}
    requested |= joints
    if absent := sorted(requested - {*map(str, rows), RATING, *STRENGTHS}):
        values = step_values(tuple(absent)).reindex(steps)
        outcomes |= {name: values[name].to_numpy() for name in absent}
    if RATING in {contrast.outcome for contrast in contrasts}:
        ratings = {(trial.participant_id, trial.trial_id): trial.rating for trial in study.trials}
        outcomes[RATING] = [ratings.get(key[:2]) for key in steps]
    return with_scatter(rows.assign(**outcomes), contrasts, study.people)


def _sprints(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Trials with a stated effort: their labels, and means of their steps."""
    requested = [
        contrast.column for contrast in _contrasts(study) if contrast.outcome not in STRENGTHS
    ]
    outcomes = dict.fromkeys([SPEED, "lateral_ratio", *requested])
    means = rows.groupby(TRIAL, observed=True)[[*outcomes]].mean()
    entries = [
        (
            *(person.participant_id, trial.trial_id, person.person or person.participant_id),
            *(trial.condition, person.session, person.group, trial.effort, trial.order),
        )
        for person in study.participants
        for trial in study.moving_of(person.participant_id)
        if trial.effort is not None and (person.participant_id, trial.trial_id) in means.index
    ]
    names = [*TRIAL, "athlete", "condition", "session", "group", "effort", "order"]
    table = pd.DataFrame(entries, columns=names)
    if any(_asks_strength(contrast) for contrast in _contrasts(study)):
        strengths = pd.DataFrame.from_dict(
            session_strengths(study.strength, study.people), orient="index"
        ).reindex(table["participant_id"], columns=STRENGTH_COLUMNS)
        table = table.join(strengths.reset_index(drop=True).astype(float))
    trial_means = means.reindex([entry[:2] for entry in entries]).reset_index(drop=True)
    table = table.assign(order=table["order"].astype(float)).join(trial_means)
    return with_measurement(study, table)


SPEED_GAP = 0.04
"""Trials of an athlete belong to different speeds when their mean speeds, in order, are farther
apart than this share of the athlete's highest."""


def without_turns(rows: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Rows of steps without those that change their direction of travel: claims are of running."""
    keys = [*TRIAL, "step"]
    turning, judged = (
        pd.MultiIndex.from_frame(table[keys].astype(dict.fromkeys(TRIAL, str)))
        for table in (steps[flagged(steps, TURNING)], rows)
    )
    return rows[~judged.isin(turning)]


def accelerating_trials(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """Trials whose median step gains more speed than a steady one, (participant, trial)."""
    gains = speed_gains(rows)
    return set(gains.index[gains > STEADY_SPEED_CHANGE])


def _first_sessions(study: Study, rows: pd.DataFrame) -> pd.Series[bool]:
    """Mark steps of every person's first session, who counts once; contrasts read all sessions."""
    first = {
        participant.person: participant.participant_id
        for participant in reversed(study.participants)
    }
    single_sessions = {
        participant.participant_id
        for participant in study.participants
        if participant.person is None
    }
    return rows["participant_id"].astype(str).isin(single_sessions | set(first.values()))


def _levels(normal: pd.DataFrame, without: Collection[tuple[str, str]]) -> pd.Series[int]:
    """Speed level of every normal trial of a participant, by its mean step speed."""
    steps = normal.assign(participant_id=normal["participant_id"].astype(str))
    means = steps.groupby(TRIAL)["speed_mps"].mean()
    means = means[[key not in without for key in means.index]]
    ordered = means.reset_index().sort_values(["participant_id", "speed_mps", "trial_id"])
    speeds = ordered.groupby("participant_id")["speed_mps"]
    is_next_level = speeds.diff() > SPEED_GAP * speeds.transform("max")
    levels = is_next_level.groupby(ordered["participant_id"]).cumsum().astype(int)
    return pd.Series(levels.to_numpy(), pd.MultiIndex.from_frame(ordered[TRIAL]))


def _study_steps(study: Study, rows: pd.DataFrame, levels: pd.Series[int]) -> pd.DataFrame:
    """Steps in the normal condition under one specification; other conditions are never pooled."""
    keys = pd.MultiIndex.from_frame(rows[TRIAL].astype(str))
    level = levels.reindex(keys).to_numpy(dtype=float)
    has_level = (rows["condition"] == NORMAL).to_numpy() & np.isfinite(level)
    steps = rows[has_level].reset_index(drop=True)
    units = {name: _units(study, name) for name in steps["participant_id"].cat.categories}
    steps = steps.assign(
        level=level[has_level].astype(int),
        **{
            name: steps[name].astype(float)
            / np.array([units[participant][kind] for participant in steps["participant_id"]])
            for name, kind in UNITS.items()
        },
    )
    return with_deviations(steps, SIDED)


EVENT_COLUMNS = [*TRIAL, "step", "events", "contact_error_s"]
"""Columns of steps that tell the errors of their events."""


def _multiverse_entries(
    study: Study, trials: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Entries of stage multiverse of some trials, by participant and trial."""
    trial_keys = set(trials)
    return {
        (participant_id, entry["trial_id"]): entry
        for participant_id in dict.fromkeys(participant_id for participant_id, _ in trials)
        for entry in study.read_manifest(participant_id, STAGE)["trials"]
        if (participant_id, entry["trial_id"]) in trial_keys
    }


def _trial_errors(
    study: Study,
    trials: pd.Index[Any],
    entries: Mapping[tuple[str, str], Mapping[str, Any]],
    shared: Mapping[str, pd.DataFrame],
) -> dict[str, Any]:
    """Standard deviations of errors that athletes share, and of single steps, (T,) by column."""
    columns: dict[str, Any] = {
        f"common_{name}": shared[name].std(axis=1, ddof=0).reindex(trials).to_numpy()
        for name in DRAWN
    }
    for name in STEP_ERRORS:
        units = [_units(study, person)[0] for person, _ in trials]
        sds = [entries[trial]["error_sd"].get(name, np.nan) for trial in trials]
        columns[f"error_{name}"] = np.array(sds, dtype=float) / np.array(units)
    return columns


def _units(study: Study, participant_id: str) -> tuple[float, float]:
    """Units of momentum, m Ht sqrt(g Ht), and of moments, m g Ht.

    1 for all athletes where one stature is unknown: different units are never pooled.
    """
    heights = [participant.height_m for participant in study.participants]
    height = study.participant(participant_id).height_m
    mass = _mass(study, participant_id)
    if height is None or None in heights or not np.isfinite(mass):
        return 1.0, 1.0
    return mass * height * float(np.sqrt(GRAVITY * height)), mass * GRAVITY * height


def _presence(study: Study, rows: pd.DataFrame, *, causes: bool) -> Presence:
    """Recordings and sheets that the study has, whatever its numbers."""
    return Presence(
        arms=bool((rows["shows_arms"] == 1).any()),
        legs=not len(rows) or bool((rows["shows_legs"] == 1).any()),
        forces=bool(rows["lateral_ratio"].notna().any()),
        causes=causes,
        capacities={"push", "swing"} <= {row.role for row in study.strength},
        strength_sessions=bool(tested_sessions(study)),
        reasons=_why_unobserved(study),
    )


def _why_unobserved(study: Study) -> dict[str, str]:
    """Reasons why no step shows arms or legs, from the manifest of stage multiverse."""
    reasons_of_limbs: dict[str, dict[str, None]] = {}
    for participant in study.participants:
        for entry in study.read_manifest(participant.participant_id, STAGE)["trials"]:
            for limbs, why in (entry.get("unseen") or {}).items():
                reasons_of_limbs.setdefault(limbs, {})[why] = None
    return {limbs: "; ".join(reasons) for limbs, reasons in reasons_of_limbs.items()}


# trials that cannot be gathered -------------------------------------------------------------------


def read_evidence(study: Study, parts: Parts) -> StudyEvidence:
    """Evidence of all participants without trials that failed or cannot be gathered."""
    table = read_table(study.table("trials.tsv"))
    failed = table[table["status"] != OK]
    without = set(zip(failed["participant_id"], failed["trial_id"], strict=True))
    candidates = set(zip(table["participant_id"], table["trial_id"], strict=True)) - without
    try:
        with contained(study, parts.stage, "gathered"):
            return gather_evidence(study, without)
    except AqbioError:
        for key in sorted(candidates):  # a trial that fails on its own is itself at fault
            gather_trial = partial(
                gather_evidence, _study_of(study, key[0]), without | candidates - {key}
            )
            if parts.part("-".join(key), gather_trial, None) is None:
                without.add(key)
    return gather_evidence(study, without)


def _study_of(study: Study, participant_id: str) -> Study:
    """The study reduced to one participant, so that no other files are read for each trial."""
    return replace(
        study,
        participants=(study.participant(participant_id),),
        trials=study.trials_of(participant_id),
    )
