"""Statistics between athletes or of their sprints: speeds, capacities, directions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.names import NORMAL, RESTRICTED
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate, mean_estimate
from aqbio.stats.limiter import imbalance_cost
from aqbio.stats.outcome import Outcome, inferred
from aqbio.stats.registry import Hypothesis
from aqbio.stats.within import centred, counts_by, means_by

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = Estimate(np.nan, np.nan, np.nan)


LATER = "later"
"""Column of athletes' numbers: how many places later in the order the restricted sprints came."""


def paired_change(evidence: Evidence, hypothesis: Hypothesis, column: str) -> Outcome:
    """Change with restricted arms, percent, mean over athletes at equal order of the sprints.

    Where the order is known: least squares over athletes of the change on how much later the
    restricted sprints came, at 0, which removes fatigue and warming up.
    """
    means = evidence.by_condition(column)
    change = 100.0 * (means[RESTRICTED] / means[NORMAL] - 1.0)
    places = evidence.by_condition("order")
    later = places[RESTRICTED] - places[NORMAL]
    numbers = {"value": change, NORMAL: means[NORMAL], RESTRICTED: means[RESTRICTED]}
    if later.notna().any():
        numbers |= {LATER: later}
    weights = evidence.by_condition("speed_mps", counts_by).fillna(0).astype(int).sum(axis=1)

    def recompute(table: pd.DataFrame) -> Outcome:
        own = weights.reindex(table.index)
        return inferred(
            hypothesis, _at_equal_order(table), table, own, recompute=recompute, per_athlete="value"
        )

    return recompute(evidence.side_by_side(numbers))


def _at_equal_order(table: pd.DataFrame) -> Estimate:
    """Mean change, or what it would be at equal order, from athletes' numbers."""
    known = table.dropna()
    if LATER not in known or known[LATER].nunique() < 2:
        return mean_estimate(known["value"], "t over athletes' changes")
    columns = known[[LATER]].assign(constant=1.0)
    words = "least squares over athletes at equal order"
    return _regressed(known["value"], columns, "constant", words)


def _regressed(
    response: pd.Series[float], columns: pd.DataFrame, wanted: str, model: str
) -> Estimate:
    """One coefficient of least squares, HC3 errors (MacKinnon and White 1985)."""
    from statsmodels.regression.linear_model import OLS

    degrees = len(response) - columns.shape[1]
    if degrees < 2:
        return UNKNOWN
    fit = OLS(response.to_numpy(), columns.to_numpy(dtype=float)).fit(cov_type="HC3")
    place = list(columns).index(wanted)
    return Estimate(float(fit.params[place]), float(fit.bse[place]), float(degrees), model=model)


def imbalance_cost_between(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3b: cost of imbalance over benefit of strength, between athletes.

    Where strengths were tested repeatedly the predictors are the true strengths expected from the
    measured ones (regression calibration): errors of measurement hide a cost.
    """
    columns = evidence.athletes[["push_capacity", "swing_capacity", "fastest"]].astype(float)
    noise = evidence.athletes[["push_noise", "swing_noise"]].astype(float).mean().to_numpy()
    repeated = bool(np.isfinite(noise).all())

    def recompute(table: pd.DataFrame) -> Outcome:
        known, weights = table.dropna(), 0 * table["fastest"].notna()
        if len(known) < FEWEST_FOR_COST:
            return inferred(hypothesis, UNKNOWN, table, weights)
        push, swing, speed = known.to_numpy().T
        ratio = imbalance_cost(push, swing, speed, np.nan_to_num(noise))
        slope = Estimate(ratio.above, float(np.sqrt(ratio.variance_above)), ratio.df)
        words = "least squares between athletes, Fieller's interval"
        found = inferred(
            hypothesis,
            Estimate(ratio.above / ratio.below, ratio.standard_error, ratio.df, model=words),
            table,
            weights,
            ci95=ratio.interval(0.95),
            ci90=ratio.interval(0.90),
            p=slope.p("greater", 0.0) if ratio.below > 0 else 1.0,
            p_against=ratio.p_below(hypothesis.delta) if ratio.below > 0 else 1.0,
            recompute=recompute,
        )
        note = f"beta {ratio.below:.3g} m/s per unit, gamma {ratio.above:.3g}"
        if not repeated:
            note += "; strengths were tested once, and their errors hide part of a cost"
        return replace(found.with_note(note, condition=ratio.below > 0), diluted=not repeated)

    return recompute(columns)


FEWEST_FOR_COST = 6

COVARIATES = ("sex", "laboratory", "footwear")
"""What athletes can differ in besides what is tested."""

NEEDED = {"sex", "laboratory"}
"""What must be in the model: without it 8 to 10 % of studies of 96 athletes without an effect were
supported."""

FEWEST_OF_KIND = 3
"""Athletes of a sex or a laboratory that it takes for an indicator of it."""


FARTHEST = 5
"""Athletes, farthest from the rest, without each of whom a slope between athletes must persist."""


def slope_between(evidence: Evidence, hypothesis: Hypothesis, *, names: tuple[str, ...]) -> Outcome:
    """Standardised slope of highest speed on the first column, the others in the model.

    Support also needs sex and laboratory in the model, and a slope that does not depend on one
    athlete: p (not adjusted) stays below alpha without any of those farthest from the rest.
    """
    numbers = evidence.athletes[[*names, "fastest"]].astype(float)
    kinds, words, held = _kinds(evidence.athletes[numbers.notna().all(axis=1)], len(names))
    columns = numbers.join(kinds)
    weights = evidence.count()

    def recompute(table: pd.DataFrame) -> Outcome:
        found = _standardised(table.dropna(), names[0])
        own = weights.reindex(table.index)
        return inferred(hypothesis, found, table, own, recompute=recompute).with_note(words)

    whole, known = recompute(columns), columns.dropna()
    if not (held and whole.p < hypothesis.alpha):
        return whole.with_note(words, condition=None if held else False)
    away = ((known - known.mean()) / known.std()).pow(2).sum(axis=1)
    far = away.nlargest(FARTHEST).index
    rest = {str(one): recompute(known.drop(index=one)).p for one in far}
    most = max(rest, key=lambda one: rest[one])
    sensitivity = f"p without {most}, on whom it hangs most: {rest[most]:.2g}"
    note = "; ".join(one for one in (words, sensitivity) if one)
    return whole.with_note(note, condition=rest[most] < hypothesis.alpha)


def _standardised(known: pd.DataFrame, wanted: str) -> Estimate:
    if len(known) < 2:
        return UNKNOWN
    away = (known - known.mean()) / known.std()
    predictors = away.drop(columns="fastest").dropna(axis=1, how="all").assign(constant=1.0)
    if wanted not in predictors or away["fastest"].isna().any():
        return UNKNOWN
    words = "least squares between athletes, standardised, HC3"
    return _regressed(away["fastest"], predictors, wanted, words)


def _kinds(athletes: pd.DataFrame, predictors: int) -> tuple[pd.DataFrame, str, bool]:
    """Indicators of what athletes differ in, what has none, and whether `NEEDED` have."""
    import pandas as pd

    indicators, missing, unadjusted = pd.DataFrame(index=athletes.index), [], []
    for name, own in athletes.reindex(columns=list(COVARIATES)).items():
        counts = own.value_counts()
        if own.isna().any():
            missing.append(str(name))
            continue
        if len(counts) < 2:
            continue
        large = counts.index[counts >= FEWEST_OF_KIND]
        room = len(athletes) - predictors - indicators.shape[1] - 1 >= 2 * FEWEST_FOR_COST
        if not len(large) or not room:
            unadjusted.append(str(name))
            continue
        for kind in sorted(map(str, large))[: len(counts) - 1]:
            indicators[f"{name}={kind}"] = (own == kind).astype(float)
    words = []
    if unadjusted:
        words.append(f"not held, for too few of a kind: {', '.join(unadjusted)}")
    if missing:
        words.append(f"not stated (participants.tsv): {', '.join(missing)}")
    return indicators, "; ".join(words), not NEEDED & {*unadjusted, *missing}


def athletes_from_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """What athletes do at their highest speed, and their `excess` at equal speed.

    ``contact`` time, ``flight`` share, ``swing_drive`` and ``push_drive``; NaN where there is no
    step.
    """
    numbers = steps[["participant_id", "level", "lateral_ratio"]].assign(fastest=steps["speed_mps"])
    means = numbers.groupby(["participant_id", "level"], observed=True).mean().reset_index("level")
    means = means.sort_values("fastest", kind="stable")
    top = means[~means.index.duplicated(keep="last")]
    names = steps["participant_id"].cat.categories
    found = top.set_index(top.index.astype(str)).reindex(names).drop(columns="level")
    share = steps["flight_s"] / (steps["contact_s"] + steps["flight_s"])
    at_equal_speed = {
        "contact": steps["contact_s"],
        "flight": share,
        "swing_drive": steps["swing_index"],
        "push_drive": steps["push_index"],
    }
    return found.assign(
        **{name: excess(steps, own).to_numpy() for name, own in at_equal_speed.items()}
    )


def excess(steps: pd.DataFrame, values: pd.Series[float]) -> pd.Series[float]:
    """Logarithm of an athlete's number (> 0) relative to the others' at the same speed, (A,).

    The law, a parabola of logarithms, comes from speeds within athletes only. The number at the
    highest speed itself is no covariate of that speed: contact is short because the athlete is
    fast, and adjusting for it would remove what is tested.
    """
    import pandas as pd

    positive = values.where(values > 0)
    known = pd.DataFrame({"speed": steps["speed_mps"], "value": positive}).dropna().map(np.log)
    who = steps["participant_id"][known.index]
    if known.empty:
        return means_by(known["value"], who)
    away = known["speed"] - known["speed"].mean()
    powers = np.column_stack([centred(column, who) for column in (away, away**2)])
    response = centred(known["value"], who)
    law = np.linalg.lstsq(powers, response.to_numpy(), rcond=None)[0]
    rest = known["value"] - law[0] * away - law[1] * away**2
    own = means_by(rest, who)
    return own - own.mean()
