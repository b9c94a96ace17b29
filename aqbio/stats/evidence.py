"""Evidence: what every statistic reads, and which steps and athletes of it count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aqbio.config.settings import Quality
from aqbio.names import NORMAL
from aqbio.stats.inference import Errors
from aqbio.stats.registry import Contrast, Hypothesis
from aqbio.stats.within import counts_by, longest_runs, means_by
from aqbio.vectors import IntArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


TRIAL = ["participant_id", "trial_id"]
"""Columns that name a trial."""

CELL = ["participant_id", "level"]
"""Columns that name a speed of an athlete."""

SIDED = [*CELL, "side"]
"""Steps that compare one by one: same athlete, speed and stance foot."""

CAUSED = "caused_share_"
"""Start of the columns with the share of the vertical impulse that joint moments of swing side,
lumbar and arms cause, one per contact model that was computed."""


@dataclass(frozen=True)
class Presence:
    """What a study can have or lack, whatever its numbers."""

    arms: bool = True
    legs: bool = True
    """arms, legs: Both were observed in a step."""
    forces: bool = True
    causes: bool = True
    capacities: bool = False
    accelerations: bool = False
    """forces, causes, capacities, accelerations: Recordings, results of level C or sheets of that
    kind exist."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why something is lacking, by its name, where more is known than that it is."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Statistical choices that a verdict must survive."""

    errors: Errors = "robust"
    outliers: bool = True
    """Whether athletes far from the others stay."""
    covariates: bool = True
    """Whether sex, laboratory and footwear are held between athletes."""
    everybody: bool = False
    """Whether athletes count who have less than the least data."""


def _no_steps() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=["participant_id", "trial_id"])


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that a study says about the hypotheses."""

    steps: pd.DataFrame
    """One row per usable step in the normal condition, those of a trial in their order in time: the
    columns of ``hypotheses_steps.tsv``, ``same_legs_cosine``, ``push_index``, ``swing_index``, one
    of `CAUSED` per contact model, and ``row``, the place in the athlete's curves.
    ``participant_id`` is categorical and knows all athletes; NaN was not measured."""
    trials: pd.DataFrame
    """What the gates read, by `TRIAL`: ``recorded`` steps (usable or not), ``marker_rate`` (Hz),
    ``consistent`` (motion and force obey Newton and Euler together), ``suspect``,
    ``residual_ratio`` (smallest RMS of a group's yaw rate over that of the residual yaw moment),
    ``residual_moment`` (its RMS in contact, N m), ``closures_pass``, and ``error_<name>``, how sure
    the trial is of what `aqbio.stats.measurement.ERRORS` names, NaN where that is not known."""
    athletes: pd.DataFrame
    """By name: the columns of `aqbio.stats.athlete_statistics.athletes_from_steps`,
    ``push_capacity``, ``swing_capacity`` (strengths on scales that compare), ``push_noise``,
    ``swing_noise`` (variance of their errors, NaN without repeated tests), ``sex``, ``laboratory``
    and ``footwear`` (None: not stated)."""
    sprints: pd.DataFrame
    """Trials with a stated effort: columns of ``sprints.tsv``, with ``session`` and ``group`` of
    their participant and the outcomes of all contrasts; NaN where the order is not stated."""
    curves: Callable[[str], xr.Dataset]
    """function. From an athlete's name to the curves of that athlete: ``angular_momentum`` and
    where there are any ``angular_momentum_rate`` (step, phase, percent, group, axis),
    ``hub_moment`` (step, percent, chain), about the vertical in stance. Nothing else of a study
    holds curves, one athlete's at a time."""
    accelerating: pd.DataFrame = field(default_factory=_no_steps)
    """Steps in the normal condition of trials that speed up, which nothing else reads: columns as
    of `steps`, without ``level``."""
    presence: Presence = Presence()
    limits: Quality = field(default_factory=Quality)
    """What the gates hold trials against."""
    choices: Choices = Choices()

    @cached_property
    def cell_sizes(self) -> pd.Series[int]:
        """How many steps every speed of an athlete has, by `CELL`."""
        cell = [self.steps[name] for name in CELL]
        return self.steps.groupby(cell, observed=True).size()

    @cached_property
    def trial_of_step(self) -> IntArray:
        """Place of every step's trial in `trials`, (S,)."""
        import pandas as pd

        keys = pd.MultiIndex.from_arrays([self.steps[name].astype(str) for name in TRIAL])
        places: IntArray = self.trials.index.get_indexer(keys)
        if (places < 0).any():
            raise KeyError(f"no such trial: {keys[int(places.argmin())]}.")
        return places

    def where(self, chosen: pd.Series[bool]) -> Evidence:
        """The evidence of the chosen steps."""
        return replace(self, steps=self.steps[chosen])

    def means(self, values: pd.Series[float] | str) -> pd.Series[float]:
        """Mean of a column, or of values by step, by athlete."""
        known = self.steps[values] if isinstance(values, str) else values
        return means_by(known, self.steps["participant_id"]).reindex(self.athletes.index)

    def unknown(self) -> pd.Series[float]:
        """NaN for every athlete, to be filled by name."""
        import pandas as pd

        return pd.Series(float("nan"), index=list(self.athletes.index))

    def count(self, values: pd.Series[float] | str = "step") -> pd.Series[int]:
        """Steps of every athlete of which a column, or values by step, are known."""
        known = self.steps[values] if isinstance(values, str) else values
        found = counts_by(known, self.steps["participant_id"])
        return found.reindex(self.athletes.index, fill_value=0)

    def caused(self) -> dict[str, pd.Series[float]]:
        """Caused shares by step, by contact model."""
        every = {str(name): own for name, own in self.steps.items()}
        return {n.removeprefix(CAUSED): own for n, own in every.items() if n.startswith(CAUSED)}

    def by_athlete(self) -> Iterator[tuple[str, pd.DataFrame, xr.Dataset]]:
        """Name, steps and their curves of every athlete who has a step, one after the other."""
        own: Any
        for name, own in self.steps.groupby("participant_id", observed=True):
            yield str(name), own, self.curves(str(name)).isel(step=own["row"].to_numpy())


# trials in two conditions -----------------------------------------------------------------------


def compared_trials(evidence: Evidence, contrast: Contrast) -> pd.DataFrame:
    """Trials of both conditions, by the effort that is asked for."""
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
    import pandas as pd

    trials = compared_trials(evidence, contrast)
    known = trials[values] if isinstance(values, str) else values
    found = {}
    for label in (contrast.reference, contrast.condition):
        own = trials[contrast.by] == label
        found[label] = of_group(known[own], trials.loc[own, "athlete"])
    return pd.DataFrame(found, index=sorted(set(trials["athlete"])))


def count_trials(evidence: Evidence, contrast: Contrast) -> pd.DataFrame:
    """How many trials with an outcome every athlete has in both conditions."""
    found = by_condition(evidence, contrast, contrast.column, counts_by)
    return found.fillna(0).astype(int)


# who counts ---------------------------------------------------------------------------------------


MOST_ATHLETES = 100_000
"""Beyond so many athletes no number needed is stated."""

WHOLE = {"H5b": 0.9}
"""Share of recorded steps that a speed needs for hypotheses about a spread: where the latest
quarter of steps is lost, what is left scatters half as much."""


def usable(evidence: Evidence, share: float | None = None) -> Evidence:
    """The evidence without speeds of an athlete of which too few recorded steps are usable.

    What is missing of such a speed is not missing at random.
    """
    least = evidence.limits.usable_share if share is None else share
    steps = evidence.steps
    if not len(steps):
        return evidence
    trials = steps.drop_duplicates(TRIAL).set_index(TRIAL)["level"]
    recorded = evidence.trials["recorded"].reindex(trials.index)
    by_cell = recorded.groupby([recorded.index.get_level_values(0), trials.to_numpy()]).sum()
    found = evidence.cell_sizes
    asked = by_cell.reindex([*found.index]).to_numpy(dtype=float)
    enough = found >= least * asked
    if enough.all():
        return evidence
    kept = enough.reindex([*zip(*(steps[name] for name in CELL), strict=True)])
    return evidence.where(steps["level"].notna() & kept.to_numpy())


def counted(evidence: Evidence, hypothesis: Hypothesis) -> Evidence:
    """The usable evidence that a hypothesis is judged by.

    Athletes without the least data are left out where enough others have it, so that one with
    almost one speed cannot decide a slope; otherwise all stay, for the estimate is shown in any
    case.
    """
    if hypothesis.id in WHOLE:
        evidence = usable(evidence, max(WHOLE[hypothesis.id], evidence.limits.usable_share))
    if evidence.choices.everybody:
        return evidence
    enough = with_minimum(evidence, hypothesis)
    if hypothesis.contrast is not None:
        many = enough.sum() >= hypothesis.minimum.athletes
        own = evidence.sprints["athlete"].isin(enough.index[enough] if many else enough.index)
        return replace(evidence, sprints=evidence.sprints[own])
    if int(enough.sum()) < max(hypothesis.minimum.athletes, 1) or enough.all():
        return evidence
    names = enough.index[enough]
    rest = evidence.where(evidence.steps["participant_id"].isin(names))
    athletes = rest.athletes.reindex(names).reindex(rest.athletes.index)
    return replace(rest, athletes=athletes)


def with_minimum(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes who have the least data that a hypothesis asks for, (A,)."""
    if hypothesis.contrast is not None:
        counts = count_trials(evidence, hypothesis.contrast)
        return (counts >= hypothesis.minimum.steps).all(axis=1)
    return COUNTED.get(hypothesis.id, _with_steps)(evidence, hypothesis)


def _with_steps(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with enough speeds of enough steps each."""
    least = hypothesis.minimum
    if not least.steps:
        return evidence.count() >= 0
    return _count(evidence, evidence.cell_sizes >= least.steps) >= least.levels


def _with_accelerations(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with enough steps in trials that speed up."""
    counts = evidence.accelerating["participant_id"].astype(str).value_counts()
    return counts.reindex(evidence.athletes.index, fill_value=0) >= hypothesis.minimum.steps


def _with_rows(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with a trial that has enough consecutive steps."""
    long = longest_runs(evidence.steps, TRIAL) >= hypothesis.minimum.steps
    return _count(evidence, long) >= hypothesis.minimum.levels


def _count(evidence: Evidence, enough: pd.Series[bool]) -> pd.Series[Any]:
    """How many of an athlete's speeds or trials are enough, by athlete."""
    names = evidence.athletes.index
    return enough.groupby(level=0, observed=True).sum().reindex(names, fill_value=0)


COUNTED: dict[str, Callable[[Evidence, Hypothesis], pd.Series[bool]]] = {
    "H3e": _with_rows,
    "H8c": _with_accelerations,
}
"""Hypotheses whose steps are counted in a way of their own."""


def for_steps(evidence: Evidence, column: pd.Series[Any]) -> pd.Series[Any]:
    """Something of the trials, (T,), for every step."""
    return column.iloc[evidence.trial_of_step]
