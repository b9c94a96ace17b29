"""How sure every trial is of what each verdict rests on: what the precision gate reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.stages.hypotheses.contact_models import vertical_forces
from aqbio.stats.evidence import TRIAL
from aqbio.stats.registry import Registry
from aqbio.stats.step_statistics import lag_spreads
from aqbio.stats.within import centred, slopes, sums_by

if TYPE_CHECKING:
    import pandas as pd

Z95 = 1.96

FORCE_SOURCES = ("swing_leg", "arms", "torso")


def statistic_sds(
    steps: pd.DataFrame,
    trials: pd.Index[Any],
    posterior: Sequence[Mapping[str, float]],
    share_sd: FloatArray,
    registry: Registry,
) -> dict[str, FloatArray]:
    """Standard deviation of every hypothesis's statistic by trial, as its gate reads it.

    Parameters
    ----------
    steps : DataFrame
        As in `aqbio.stats.evidence.Evidence`.
    trials : (T,) Index
        Participant and trial.
    posterior : sequence of T mappings
        From `aqbio.stages.evidence.posterior.posterior_sds`; empty for a plain trial.
    share_sd : (T,) array
        From :func:`share_sds`.

    Returns
    -------
    dict of (T,) arrays
        NaN where it is not known: the gate does not pass such a trial.

    Notes
    -----
    H1, H2: the posterior of the trial's own number. H4: the drawn intervals of the force shares.
    H3d, H5a: what the athlete's slope gets from errors of single trials; such errors are taken as
    large as the posterior says, but not larger than the scatter of the trials about the athlete's
    own line, in which they show. H5b: likewise, of the logarithm of the spread by speed. H3e: the
    error of a step's impulse dilutes the slope by its share of the impulse's variance; that share
    of the smallest effect.
    """
    import pandas as pd

    names = ["opposition", "arms_push_cosine", "log_ratio", "lag", "step_yaw_impulse"]
    known = pd.DataFrame(list(posterior), index=trials).reindex(columns=names)
    own = steps.groupby("participant_id", observed=True)
    relative = 10.0 * steps["speed_mps"] / own["speed_mps"].transform("max")
    columns = steps[["speed_mps", "lag", "log_ratio_momentum"]].assign(relative=relative)
    means = columns.groupby([steps[one] for one in TRIAL], observed=True).mean().reindex(trials)
    people, spreads = trials.get_level_values(0), lag_spreads(steps)
    spreads = spreads.set_index("participant_id")
    impulse = own["yaw_impulse"].std(ddof=0)
    share = (known["step_yaw_impulse"].to_numpy() / _of(impulse.where(impulse > 0), people)) ** 2
    errors = {
        "H3d": _slope_sds(means["relative"], means["log_ratio_momentum"], known["log_ratio"]),
        "H5a": _slope_sds(means["speed_mps"], means["lag"], known["lag"]),
        "H5b": _slope_sds(spreads["speed_mps"], spreads["spread"], spreads["speed_mps"] * np.inf),
    }
    return {
        "H1": known["opposition"].to_numpy(),
        "H2": known["arms_push_cosine"].to_numpy(),
        "H3e": registry["H3e"].delta * share,
        "H4": share_sd,
        **{name: _of(own, people) for name, own in errors.items()},
    }


def _of(by_athlete: pd.Series[float], people: pd.Index[str]) -> FloatArray:
    """What is known of the athlete, for every trial."""
    found: FloatArray = np.asarray(by_athlete.reindex(people), dtype=np.float64)
    return found


def _slope_sds(x: pd.Series[float], y: pd.Series[float], sd: pd.Series[float]) -> pd.Series[float]:
    """Standard deviation of each athlete's slope over trials or speeds.

    Parameters
    ----------
    x, y, sd : Series
        By athlete, the first level of their index; ``sd`` says how sure y is, infinite where only
        its scatter about the athlete's line tells.
    """
    import pandas as pd

    points = pd.DataFrame({"x": x.to_numpy(), "y": y.to_numpy(), "sd": sd.to_numpy()})
    points = points.assign(who=x.index.get_level_values(0).astype(str)).dropna(subset=["x", "y"])
    who = points["who"]
    away = centred(points["x"], who)
    slope = slopes(points["x"], points["y"], who)
    rest = centred(points["y"], who) - who.map(slope).astype(float) * away
    own = who.groupby(who).size()
    scatter = sums_by(rest**2, who) / (own - 2.0).where(own >= 3)
    told = (points["sd"] ** 2).groupby(who).agg(lambda one: one.to_numpy().mean())
    variance = scatter.where(~(told < scatter), told).where(told.notna())
    return (variance / sums_by(away**2, who)).pow(0.5)


def share_sds(tables: Iterable[pd.DataFrame], trials: Sequence[tuple[str, str]]) -> FloatArray:
    """Standard deviation of the share of swing leg, arms and torso in the vertical impulse.

    Parameters
    ----------
    tables : iterable of DataFrame
        Contributions of one participant after the other.
    trials : sequence of T (participant, trial)

    Returns
    -------
    (T,) array
        From the drawn 95 % intervals of the three shares, taken as independent, over the stance
        mean of the vertical force; NaN where none was drawn.
    """
    found: dict[tuple[str, str], float] = {}
    for table in tables:
        found |= _share_sds(table)
    return np.array([found.get(trial, np.nan) for trial in trials])


def _share_sds(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    key = ["participant_id", "trial_id"]
    stance = table[(table["phase"] == "stance") & (table["axis"] == "y")]
    parts = stance[
        (stance["statistic"] == "relative_force_mean") & stance["source"].isin(FORCE_SOURCES)
    ]
    wide = parts.assign(variance=((parts["high"] - parts["low"]) / (2.0 * Z95)) ** 2)
    steps = wide.groupby([*key, "step"], observed=True)["variance"]
    by_step = steps.sum(min_count=len(FORCE_SOURCES))
    relative = np.sqrt(by_step) / vertical_forces(stance).reindex(by_step.index)
    mean: dict[tuple[str, str], float] = (
        relative.groupby(level=[0, 1], observed=True).mean().to_dict()
    )
    return mean
