"""Figures of the hypotheses: which ones a study has, drawn from its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from aqbio.figures import (
    athletes,
    limiter,
    names,
    partition_ranking,
    side_ratio,
    sign_matrix,
    specification,
    sprints,
    timing,
)
from aqbio.figures.athlete_numbers import ATHLETES, athlete_numbers
from aqbio.figures.content import FigureContent
from aqbio.figures.limiter_numbers import LIMITER, limiter_numbers
from aqbio.figures.timing_numbers import TIMING, timing_numbers, timing_slopes
from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.stats.registry import study_registry
from aqbio.stats.step_numbers import step_columns

if TYPE_CHECKING:
    import pandas as pd

TABLES = (
    "verdicts", "multiverse", "partitions", "sign_patterns", "hypotheses_steps", "sprints",
    "hypotheses_athletes", "power",
)  # fmt: skip
"""Tables that are drawn."""


Tables = Mapping[str, "pd.DataFrame"]


def hypothesis_tables(study: Study) -> Tables:
    """Read the tables that are drawn."""
    return {name: read_table(study.table(f"{name}.tsv")) for name in TABLES}


def hypothesis_figures(study: Study) -> Iterator[FigureContent]:
    """Lay out the figures of the hypotheses; none without a number to draw."""
    tables = hypothesis_tables(study)
    for layout in layouts().values():
        yield from layout(study, tables)


def _athletes(study: Study, tables: Tables) -> Iterator[FigureContent]:
    """Athletes' own numbers, where some hypothesis has them."""
    registry = study_registry(study)
    numbers = athlete_numbers(tables["hypotheses_athletes"], tables["verdicts"], registry)
    if len(numbers):
        yield FigureContent(
            names.ATHLETES,
            athletes.TITLE,
            athletes.athletes_caption(),
            athletes.athletes_alternative(numbers),
            lambda width: athletes.athletes_figure(numbers, width),
            numbers,
            ATHLETES,
        )


def _side_ratio(_: Study, tables: Tables) -> Iterator[FigureContent]:
    """Ratio of the sides, where somebody ran at more than one speed."""
    steps = tables["hypotheses_steps"]
    if _several_speeds(steps):
        yield FigureContent(
            names.SIDE_RATIO,
            side_ratio.TITLE,
            side_ratio.side_ratio_caption(),
            side_ratio.side_ratio_alternative(steps),
            lambda width: side_ratio.side_ratio_figure(steps, width),
            steps,
            step_columns(),
        )


def _several_speeds(steps: pd.DataFrame) -> bool:
    return bool(steps.groupby("participant_id")["level"].nunique().max() > 1)


def _sprints(_: Study, tables: Tables) -> Iterator[FigureContent]:
    """Speeds of sprints, where some were run with restricted arms."""
    runs, smallest = tables["sprints"], smallest_effects(tables["verdicts"])
    mean = _estimate(tables["verdicts"], sprints.HYPOTHESIS)
    if {"normal", "restricted_arms"} <= set(runs["condition"]):
        yield FigureContent(
            names.RESTRICTED_ARMS,
            sprints.TITLE,
            sprints.sprints_caption(smallest[sprints.HYPOTHESIS]),
            sprints.sprints_alternative(runs),
            lambda width: sprints.sprints_figure(runs, smallest[sprints.HYPOTHESIS], mean, width),
            runs,
            columns("sprints"),
        )


def _estimate(verdicts: pd.DataFrame, hypothesis: str) -> tuple[float, float, float]:
    """Estimate of a hypothesis and its 95 % interval."""
    [row] = verdicts[verdicts["hypothesis"] == hypothesis].to_dict("records")
    return float(row["estimate"]), float(row["ci_low"]), float(row["ci_high"])


def _limiter(study: Study, tables: Tables) -> Iterator[FigureContent]:
    """Speed over both sides' strengths, where they were measured."""
    people, verdicts, power = (
        tables[name] for name in ("hypotheses_athletes", "verdicts", "power")
    )
    numbers = limiter_numbers(people, verdicts, power, study_registry(study)["H3b"])
    if len(numbers):
        yield FigureContent(
            names.LIMITER,
            limiter.TITLE,
            limiter.limiter_caption(),
            limiter.limiter_alternative(numbers),
            lambda width: limiter.limiter_figure(numbers, width),
            numbers,
            LIMITER,
        )
    elif len(people):
        yield FigureContent(
            names.LIMITER,
            limiter.UNMEASURED_TITLE,
            limiter.unmeasured_caption(),
            f"{limiter.UNMEASURED_TITLE}. {' '.join(limiter.TO_MEASURE)}",
            limiter.unmeasured_figure,
            numbers,
            LIMITER,
        )


def _timing(_: Study, tables: Tables) -> Iterator[FigureContent]:
    """Lag over speed, where some athlete has it at more than one."""
    steps, verdicts = tables["hypotheses_steps"], tables["verdicts"]
    if not _several_speeds(steps):
        return
    numbers = timing_numbers(steps)
    if not (numbers.groupby("participant_id")["lag_sd"].count() > 1).any():
        return
    slopes = timing_slopes(verdicts)
    yield FigureContent(
        names.TIMING,
        timing.TITLE,
        timing.timing_caption(slopes),
        timing.timing_alternative(numbers, slopes),
        lambda width: timing.timing_figure(numbers, slopes, width),
        numbers,
        TIMING,
    )


def _partitions(_: Study, tables: Tables) -> Iterator[FigureContent]:
    """Ranking of the partitions, where angular momentum is known."""
    partitions = tables["partitions"]
    for arms in names.PARTITION_RANKING:
        own = partitions[partitions["arms"] == arms]
        if own.loc[own["phase"] == "stance", "opposition"].notna().any():
            yield _ranking(own, arms)


def _signs(_: Study, tables: Tables) -> Iterator[FigureContent]:
    """Signs of the groups, where angular momentum is known."""
    signs = tables["sign_patterns"]
    if signs["cosine"].notna().any():
        yield FigureContent(
            names.SIGN_PATTERNS,
            sign_matrix.TITLE,
            sign_matrix.sign_matrix_caption(),
            sign_matrix.sign_matrix_alternative(signs),
            lambda width: sign_matrix.sign_matrix_figure(signs, width),
            signs,
            columns("sign_patterns"),
        )


def _ranking(partitions: pd.DataFrame, arms: str) -> FigureContent:
    """The ranking of all partitions with the arms together, or one by one."""
    return FigureContent(
        names.PARTITION_RANKING[arms],
        partition_ranking.TITLES[arms],
        partition_ranking.partition_ranking_caption(arms),
        partition_ranking.partition_ranking_alternative(partitions, arms),
        lambda width: partition_ranking.partition_ranking_figure(partitions, width, arms),
        partitions,
        columns("partitions"),
    )


def smallest_effects(verdicts: pd.DataFrame) -> dict[str, float]:
    """Smallest effect of interest by hypothesis, as verdicts.tsv has it from the registry."""
    return dict(zip(verdicts["hypothesis"], verdicts["smallest_effect"].astype(float), strict=True))


def _specifications(study: Study, tables: Tables) -> Iterator[FigureContent]:
    """The specification curve, where there are arms beside the default."""
    arms, verdicts = tables["multiverse"], tables["verdicts"]
    if not len(specification.drawn_specifications(arms)):
        return
    equivalent = {one.id for one in study_registry(study).hypotheses if one.two_sided}
    effects: dict[str, tuple[float, ...]] = {
        name: (value, -value) if name in equivalent else (value,)
        for name, value in smallest_effects(verdicts).items()
    }
    units = dict(zip(verdicts["hypothesis"], verdicts["unit"].astype(str), strict=True))
    yield FigureContent(
        names.SPECIFICATION_CURVE,
        specification.TITLE,
        specification.specification_caption(),
        specification.specification_alternative(arms),
        lambda width: specification.specification_figure(arms, effects, units, width),
        arms,
        columns("multiverse"),
    )


def layouts() -> dict[str, Callable[[Study, Tables], Iterator[FigureContent]]]:
    """What lays out the figures of one kind, in the order of the page."""
    return {
        "athletes": _athletes,
        "partitions": _partitions,
        "signs": _signs,
        "specifications": _specifications,
        "limiter": _limiter,
        "side ratio": _side_ratio,
        "timing": _timing,
        "sprints": _sprints,
    }
