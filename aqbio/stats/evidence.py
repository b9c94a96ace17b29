"""Evidence that statistics read, and the selection of steps and athletes that count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config.settings import Quality
from aqbio.names import NORMAL
from aqbio.stats.claim_columns import LATER, NEIGHBOURS, own_column
from aqbio.stats.inference import Errors
from aqbio.stats.registry import Contrast, Hypothesis
from aqbio.stats.within import consecutive, counts_by, longest_runs, means_by
from aqbio.vectors import IntArray

TRIAL = ["participant_id", "trial_id"]
"""Columns that name a trial."""

CELL = ["participant_id", "level"]
"""Columns that name a speed of an athlete."""

SIDED = [*CELL, "side"]
"""Columns that name comparable steps: same athlete, speed and stance foot."""

CAUSED = "caused_share_"
"""Start of the columns with the share of the vertical impulse that joint moments of swing side,
lumbar and arms cause, one per contact model that was computed."""


@dataclass(frozen=True)
class Presence:
    """Kinds of data that a study has or lacks, whatever its numbers."""

    arms: bool = True
    legs: bool = True
    """arms, legs: Both were observed in a step."""
    forces: bool = True
    causes: bool = True
    capacities: bool = False
    strength_sessions: bool = False
    """forces, causes, capacities, strength_sessions: Recordings, results of level C
    or sheets of that kind exist."""
    accelerations: bool = False
    """Some normal trials speed up, which contrasts alone read."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Reasons why something is missing, by its name, where one is known."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Statistical choices that a verdict must survive."""

    errors: Errors = "robust"
    outliers: bool = True
    """People far from the others count as others do; otherwise by a heavy-tailed fit."""
    covariates: bool = True
    """Adjust comparisons between athletes for sex, laboratory and footwear."""
    everybody: bool = False
    """Count athletes with less than the least data as well."""


def _no_steps() -> pd.DataFrame:
    return pd.DataFrame()


@dataclass(frozen=True, eq=False)
class Evidence:
    """Data of a study that bear on the hypotheses."""

    steps: pd.DataFrame
    """One row per usable step in the normal condition, those of a trial in their order in time: the
    columns of ``hypotheses_steps.tsv``, ``push_index``, ``swing_index``, one
    of `CAUSED` per contact model, and ``row``, the index in the athlete's curves.
    ``participant_id`` is categorical and knows all athletes; NaN was not measured."""
    trials: pd.DataFrame
    """Quality that the gates read, by `TRIAL`: ``recorded`` steps (usable or not), ``marker_rate``
    (Hz), ``consistent`` (motion and force obey Newton and Euler together), ``invalidated``
    (outcomes that failed measures invalidate, `aqbio.observed.invalidated`), ``residual_moment``
    (RMS of the residual yaw moment in contact, N m), ``closures_pass``, and ``error_<name>``,
    the standard deviations of the trial's errors of measurement by
    `aqbio.stats.measurement.STEP_ERRORS`, NaN where not known."""
    athletes: pd.DataFrame
    """By name: the columns of `aqbio.stats.athlete_statistics.athletes_from_steps`,
    ``push_capacity``, ``swing_capacity`` (strengths on scales that compare) with their errors,
    ``sex``, ``laboratory`` and ``footwear`` (None: not stated), the columns of
    `aqbio.stats.leg_strength.stated_of_legs` and, of people with several sessions, of
    `aqbio.stats.leg_strength.gains_of_strength` and `aqbio.stats.leg_strength.running_gains`, with
    ``gained_speed`` (logarithm of the last session's highest speed over the first one's)."""
    sprints: pd.DataFrame
    """Trials with a stated effort: columns of ``sprints.tsv``, with ``session`` and ``group`` of
    their participant, the outcomes of all contrasts and ``invalidated`` as of `trials`; NaN where
    the order is not stated."""
    curves: Callable[[str], xr.Dataset]
    """function. From an athlete's name to the curves of that athlete: ``angular_momentum`` and
    where there are any ``angular_momentum_rate`` (step, phase, percent, group, axis),
    ``hub_moment`` (step, percent, chain), about the vertical in stance. Nothing else of a study
    holds curves, one athlete's at a time."""
    shared_draws: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """By column of `steps` or `sprints`: deviations of trials' means in every world from errors
    that athletes share, of tables and model, of a session, of the kind of events; rows by `TRIAL`,
    worlds as columns; no row where they are not known."""
    later_steps: pd.DataFrame = field(default_factory=_no_steps)
    """Steps of the last session of people with several, as `steps` and under the name of the first
    one, with ``invalidated`` of their trials."""
    clusters: Mapping[str, str] = field(default_factory=dict)
    """Cluster by athlete, of those of whom one is stated: team-mates, twins."""
    presence: Presence = Presence()
    limits: Quality = field(default_factory=Quality)
    """Limits that the gates apply to trials."""
    choices: Choices = Choices()

    @cached_property
    def cell_sizes(self) -> pd.Series[int]:
        """Number of steps of every athlete at every speed, by `CELL`."""
        cell = [self.steps[name] for name in CELL]
        return self.steps.groupby(cell, observed=True).size()

    @cached_property
    def run_lengths(self) -> pd.Series[int]:
        """Number of steps in the longest unbroken run of every trial, by `TRIAL`."""
        return longest_runs(self.steps, TRIAL)

    @cached_property
    def sound(self) -> dict[tuple[bytes, ...], Evidence]:
        """Evidence without invalidated trials, by the kinds of outcomes that are read.

        By its masks; `aqbio.stats.outcomes.sound_evidence` fills it.
        """
        return {}

    @cached_property
    def by_contrast(self) -> dict[tuple[object, Contrast], Any]:
        """What was computed of a contrast, by function; `once_per_contrast` fills it."""
        return {}

    @cached_property
    def usable(self) -> Evidence:
        """Evidence without speeds of which too few recorded steps are usable."""
        return _with_usable_speeds(self, self.limits.usable_share)

    @cached_property
    def trial_of_step(self) -> IntArray:
        """Row of every step's trial in `trials`, (S,)."""
        keys = pd.MultiIndex.from_arrays([self.steps[name].astype(str) for name in TRIAL])
        positions: IntArray = self.trials.index.get_indexer(keys)
        if (positions < 0).any():
            raise KeyError(f"no such trial: {keys[int(positions.argmin())]}.")
        return positions

    def select_steps(self, chosen: pd.Series[bool]) -> Evidence:
        """Reduce the evidence to the chosen steps."""
        return replace(self, steps=self.steps[chosen])

    def means(self, values: pd.Series[float] | str) -> pd.Series[float]:
        """Mean of a column, or of values by step, by athlete."""
        step_values = self.steps[values] if isinstance(values, str) else values
        return means_by(step_values, self.steps["participant_id"]).reindex(self.athletes.index)

    def unknown(self) -> pd.Series[float]:
        """NaN for every athlete, to be filled by name."""
        return pd.Series(float("nan"), index=list(self.athletes.index))

    def count(self, values: pd.Series[float] | str = "step") -> pd.Series[int]:
        """Number of every athlete's steps with a finite value of a column, or of values by step."""
        step_values = self.steps[values] if isinstance(values, str) else values
        counts = counts_by(step_values, self.steps["participant_id"])
        return counts.reindex(self.athletes.index, fill_value=0)

    def caused_shares(self) -> dict[str, pd.Series[float]]:
        """Caused shares by step, by contact model."""
        columns = {str(name): column for name, column in self.steps.items()}
        return {
            n.removeprefix(CAUSED): column for n, column in columns.items() if n.startswith(CAUSED)
        }

    def by_athlete(self) -> Iterator[tuple[str, pd.DataFrame, xr.Dataset]]:
        """Name, steps and their curves of every athlete who has a step, one after the other."""
        athlete_steps: Any
        for name, athlete_steps in self.steps.groupby("participant_id", observed=True):
            yield (
                str(name),
                athlete_steps,
                self.curves(str(name)).isel(step=athlete_steps["row"].to_numpy()),
            )


# trials in two conditions -----------------------------------------------------------------------

Computed = TypeVar("Computed")


def once_per_contrast(
    compute: Callable[[Evidence, Contrast], Computed],
) -> Callable[[Evidence, Contrast], Computed]:
    """Compute once what outcome, gates and least data ask of the same evidence."""

    @wraps(compute)
    def computed(evidence: Evidence, contrast: Contrast) -> Computed:
        key = compute, contrast
        if key not in evidence.by_contrast:
            evidence.by_contrast[key] = compute(evidence, contrast)
        found: Computed = evidence.by_contrast[key]
        return found

    return computed


@once_per_contrast
def compared_trials(evidence: Evidence, contrast: Contrast) -> pd.DataFrame:
    """Trials of both conditions at the effort of the contrast."""
    trials = evidence.sprints
    chosen = trials[contrast.by].isin((contrast.reference, contrast.condition))
    if contrast.by == "session":
        chosen &= trials["condition"] == NORMAL
    return trials[chosen & (trials["effort"] == contrast.effort)]


def by_condition(
    evidence: Evidence,
    contrast: Contrast,
    values: pd.Series[float] | str,
    of_group: Callable[..., pd.Series[Any]] = means_by,
) -> pd.DataFrame:
    """Numbers of the compared trials of every athlete by condition, averaged or counted."""
    trials = compared_trials(evidence, contrast)
    trial_values = trials[values] if isinstance(values, str) else values
    by_label = {}
    for label in (contrast.reference, contrast.condition):
        has_label = trials[contrast.by] == label
        by_label[label] = of_group(trial_values[has_label], trials.loc[has_label, "athlete"])
    return pd.DataFrame(by_label, index=sorted(set(trials["athlete"])))


@once_per_contrast
def count_trials(evidence: Evidence, contrast: Contrast) -> pd.DataFrame:
    """Number of trials with an outcome of every athlete in both conditions."""
    counts = by_condition(evidence, contrast, contrast.column, counts_by)
    return counts.fillna(0).astype(int)


# who counts ---------------------------------------------------------------------------------------


MOST_ATHLETES = 1000
"""Largest number of needed athletes that is reported."""


def fastest_steps(evidence: Evidence) -> Evidence:
    """Reduce the evidence to the steps at each athlete's highest speed."""
    steps = evidence.steps
    speed = steps["speed_mps"].groupby([steps[name] for name in CELL], observed=True)
    mean = speed.transform("mean")
    fastest = mean.groupby(steps["participant_id"], observed=True).transform("max")
    return evidence.select_steps(mean >= fastest - 1e-9)


def consecutive_steps(evidence: Evidence, names: Sequence[str]) -> Evidence:
    """Reduce the evidence to steps with a step before and after, whose columns join them."""
    steps = evidence.steps
    earlier, later = consecutive(steps, TRIAL)
    following, previous = np.full((2, len(steps)), -1)
    following[earlier], previous[later] = later, earlier
    middle = np.flatnonzero((following >= 0) & (previous >= 0))
    columns = {}
    for start, position in zip(NEIGHBOURS, (following, previous), strict=True):
        for name in names:
            if name.startswith(start) and own_column(name) in steps:
                columns[name] = steps[own_column(name)].to_numpy()[position[middle]]
    return replace(evidence, steps=steps.iloc[middle].assign(**columns))


def usable_evidence(evidence: Evidence) -> Evidence:
    """Leave out speeds of an athlete of which too few recorded steps are usable.

    Steps missing at such a speed are not missing at random.
    """
    return evidence.usable


def _with_usable_speeds(evidence: Evidence, min_share: float) -> Evidence:
    """Keep speeds of which at least a share of the recorded steps is usable."""
    steps = evidence.steps
    if not len(steps):
        return evidence
    trials = steps.drop_duplicates(TRIAL).set_index(TRIAL)["level"]
    recorded = evidence.trials["recorded"].reindex(trials.index)
    by_cell = recorded.groupby([recorded.index.get_level_values(0), trials.to_numpy()]).sum()
    sizes = evidence.cell_sizes
    recorded_sizes = by_cell.reindex([*sizes.index]).to_numpy(dtype=float)
    sufficient = sizes >= min_share * recorded_sizes
    if sufficient.all():
        return evidence
    by_step = sufficient.reindex([*zip(*(steps[name] for name in CELL), strict=True)])
    return evidence.select_steps(steps["level"].notna() & by_step.to_numpy())


def counted_evidence(evidence: Evidence, hypothesis: Hypothesis) -> Evidence:
    """Reduce usable evidence to the athletes that count for a hypothesis.

    Athletes without the least data are left out where enough others have it, so that one with
    almost one speed cannot decide a slope; otherwise all stay, because the estimate is shown in
    any case.
    """
    if evidence.choices.everybody:
        return evidence
    sufficient = with_minimum(evidence, hypothesis)
    if hypothesis.contrast is not None:
        is_testable = sufficient.sum() >= hypothesis.minimum.athletes
        is_counted = evidence.sprints["athlete"].isin(
            sufficient.index[sufficient] if is_testable else sufficient.index
        )
        if is_counted.all():
            return evidence
        return replace(evidence, sprints=evidence.sprints[is_counted])
    if int(sufficient.sum()) < max(hypothesis.minimum.athletes, 1) or sufficient.all():
        return evidence
    names = sufficient.index[sufficient]
    rest = evidence.select_steps(evidence.steps["participant_id"].isin(names))
    athletes = rest.athletes.reindex(names).reindex(rest.athletes.index)
    return replace(rest, athletes=athletes)


def with_minimum(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Mark athletes who have the least data that a hypothesis needs, (A,)."""
    if hypothesis.contrast is not None:
        counts = count_trials(evidence, hypothesis.contrast)
        return (counts >= hypothesis.minimum.steps).all(axis=1)
    if hypothesis.formula is not None and hypothesis.formula.rows == "consecutive":
        return _with_runs(evidence, hypothesis)
    if hypothesis.formula is not None and {*LATER} & {*hypothesis.formula.names}:
        return _in_both_sessions(evidence, hypothesis)
    return _with_steps(evidence, hypothesis)


def _with_steps(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Mark athletes with enough speeds of enough steps each."""
    minimum = hypothesis.minimum
    if not minimum.steps:
        return evidence.count() >= 0
    return _count(evidence, evidence.cell_sizes >= minimum.steps) >= minimum.levels


def _with_runs(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Mark athletes with a trial that has enough consecutive steps."""
    sufficient = evidence.run_lengths >= hypothesis.minimum.steps
    return _count(evidence, sufficient) >= hypothesis.minimum.levels


def _in_both_sessions(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Mark athletes with enough speeds of enough steps in the first and in the last session."""
    first, later = _with_steps(evidence, hypothesis), evidence.later_steps
    if later.empty:
        return first & False
    sizes = later.groupby([later[name].astype(str) for name in CELL]).size()
    sufficient = sizes >= hypothesis.minimum.steps
    return first & (_count(evidence, sufficient) >= hypothesis.minimum.levels)


def _count(evidence: Evidence, sufficient: pd.Series[bool]) -> pd.Series[Any]:
    """Number of an athlete's speeds or trials with enough steps, by athlete."""
    names = evidence.athletes.index
    return sufficient.groupby(level=0, observed=True).sum().reindex(names, fill_value=0)


def for_steps(evidence: Evidence, column: pd.Series[Any]) -> pd.Series[Any]:
    """Repeat values of trials, (T,), for every step."""
    return column.iloc[evidence.trial_of_step]
