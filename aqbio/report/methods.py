"""Origin of the numbers (versions, settings, files), and methods and sample to paste."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from aqbio.config import Strength
from aqbio.figures.words import digits
from aqbio.pages.address import PRESENT, constant, marked, other_than, where
from aqbio.pages.filters import counted, enumerated, missing
from aqbio.pages.summary import people_words, sex_words
from aqbio.pages.verdicts import VerdictSection
from aqbio.stats.registry import Hypothesis


@dataclass(frozen=True, slots=True)
class Origin:
    """Provenance of a study."""

    commits: tuple[str, ...]
    """Of aqbio that made the results; one where all stages ran alike."""
    versions: dict[str, str]
    """Version by library."""
    settings: dict[str, str]
    """Value, as JSON text, by section and name with dots."""
    inputs: tuple[tuple[str, str, str, str], ...]
    """(stage, participant, file, hash)."""

    def setting(self, name: str) -> Any:
        """Value of a setting; None where no stage read it."""
        text = self.settings.get(name)
        return None if text is None else json.loads(text)


def origin(records: Iterable[tuple[str, Mapping[str, Any]]]) -> Origin:
    """Collect the provenance (participant or "", record) of all stages."""
    commits: dict[str, None] = {}
    versions: dict[str, str] = {}
    settings: dict[str, str] = {}
    inputs: dict[tuple[str, str, str, str], None] = {}
    for participant, record in records:
        commits[str(record["commit"])] = None
        versions |= json.loads(record["versions"])
        settings |= dict(_flat("", json.loads(record["settings"])))
        for file, digest in json.loads(record["inputs"]).items():
            inputs[str(record["stage"]), participant, file, digest] = None
    return Origin(tuple(commits), versions, settings, tuple(inputs))


def _flat(prefix: str, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Conduct:
    """Processing of every trial, from the records of the stages."""

    prepared: Sequence[Mapping[str, Any]]
    solved: Sequence[Mapping[str, Any]]
    fitted: Sequence[Mapping[str, Any]]
    """prepared, solved, fitted: Entries of trials that these stages could do."""
    generic: tuple[str, ...]
    """Generic models that were scaled."""
    own_models: int = 0
    """Athletes whose model was scaled before."""


def methods_numbers(
    origin: Origin,
    conduct: Conduct,
    people: pd.DataFrame,
    verdicts: VerdictSection,
    differences: pd.DataFrame,
    strength: Sequence[Strength],
) -> dict[str, Any]:
    """Values that the methods to paste (``paste.html.j2``) are filled in with."""
    moving = [trial for trial in conduct.prepared if trial.get("task") != "static"]
    fitted = [trial for trial in conduct.fitted if trial.get("motion") == "fitted"]
    tested = verdicts.registry.hypotheses
    tracked = [trial for trial in conduct.solved if trial["marker_rms_m"] is not None]
    ways = sorted({str(trial["inverse_kinematics"]) for trial in tracked})
    return {
        "athletes": people_words(people),
        "sexes": sex_words(people, "sex not stated"),
        "mass": _mean(people, "mass_kg", "kg"),
        "stature": _mean(people, "height_m", "m"),
        "moving": counted(len(moving), "moving trial", PREPARED, where(task=other_than("static"))),
        "static": _trials(PREPARED, len(conduct.prepared) - len(moving), task="static"),
        "surfaces": enumerated(sorted({str(trial.get("surface")) for trial in moving})),
        "tracked": len(tracked),
        "from_angles": _trials(SOLVED, len(conduct.solved) - len(tracked), marker_rms_m=None),
        "markers": _range(tracked, SOLVED, "markers", "markers", marker_rms_m=PRESENT),
        "rates": _range(conduct.prepared, PREPARED, "marker_rate_hz", "Hz"),
        "models": enumerated(conduct.generic),
        "scaled": _scaled(conduct),
        "ways": enumerated(ways),
        "errors": _errors(tracked),
        "plates": any(trial.get("events") == "plates" for trial in conduct.prepared),
        "fitted": _trials(FITTED, len(fitted), motion="fitted"),
        "plain": _trials(FITTED, len(conduct.fitted) - len(fitted), motion=other_than("fitted")),
        "setting": partial(_setting, origin),
        "version": partial(_version, origin),
        "judged": _judged(verdicts),
        "families": _families(verdicts),
        "alphas": _rules([(f"{one.alpha:g}", one) for one in tested], "alpha"),
        "least": _rules([(str(one.minimum.athletes), one) for one in tested], "minimum.athletes"),
        "others": _other_models(differences),
        "strength": _strength(strength),
    }


PREPARED, SOLVED, FITTED = "prepare", "inverse_kinematics", "inverse_dynamics"
"""Stages whose records of trials are counted."""


def _trials(stage: str, count: int, **values: Any) -> str:
    """Count trials of a stage with these values, in words; empty for none."""
    if not count:
        return ""
    noun = "static trial" if values.get("task") == "static" else "trial"
    return counted(count, noun, stage, where(**values))


def _errors(tracked: Sequence[Mapping[str, Any]]) -> str:
    """Least and largest error of markers; one where they are written alike."""
    errors = [1000.0 * float(trial["marker_rms_m"]) for trial in tracked] or [0.0]
    texts = {f"{max(errors):.1f}": "most"} | {f"{min(errors):.1f}": "least"}
    ends = [
        marked(text, SOLVED, "", "marker_rms_m", factor=1000.0, by=by)
        for text, by in reversed(texts.items())
    ]
    return f"{' to '.join(ends)} mm"


def _setting(origin: Origin, name: str) -> str:
    """Value of a setting, with its place; empty where no stage read it."""
    value = origin.setting(name)
    if value is None or value is False:
        return ""
    return marked(f"{value:g}", "origin", where(name=name), "value", by="number")


def _version(origin: Origin, library: str) -> str:
    return marked(origin.versions[library], "origin", where(name=library), "value", by="one of")


def _judged(verdicts: VerdictSection) -> str:
    """Count tested statistics, in words."""
    count = sum(not missing(verdict.row["p_holm"]) for verdict in verdicts.verdicts)
    words = counted(count, "statistic", "verdicts", where(p_holm=PRESENT))
    if not count:
        return f"{words} passed all gates, so that none was tested; the rule tests"
    return f"{words} passed all gates and {'was' if count == 1 else 'were'} tested"


def _rules(stated: Iterable[tuple[str, Hypothesis]], column: str) -> str:
    """Values that the rules of hypotheses have; those of contrasts are the same in every study."""
    of_hypotheses: dict[str, bool] = {}
    for text, hypothesis in stated:
        of_hypotheses[text] = of_hypotheses.get(text, False) or hypothesis.contrast is None
    return enumerated([
        marked(text, "registry", "", column, by="one of") if is_recorded else constant(text)
        for text, is_recorded in sorted(of_hypotheses.items(), key=lambda item: float(item[0]))
    ])  # fmt: skip


def _strength(rows: Sequence[Strength]) -> str:
    """State whose strength was tested, and in what; empty where nobody's was."""
    if not rows:
        return ""
    people = len({row.participant_id for row in rows})
    movements = sorted({row.movement.replace("_", " ") for row in rows})
    sessions = counted(people, "session", "strengths")
    return f"Strength was tested in {sessions}: {enumerated(movements)}."


def _other_models(differences: pd.DataFrame) -> str:
    """Models that every interval compares, with the trials that were run on them."""
    parts = []
    for name, rows in differences.groupby("model", observed=True, sort=True):
        trials = len(rows[["participant_id", "trial_id"]].drop_duplicates())
        key = where(model=str(name))
        number = counted(trials, "trial", "model_differences", key, by="trials")
        parts.append(f"{name} ({number})")
    return enumerated(parts)


def _scaled(conduct: Conduct) -> str:
    """State the generic models that were scaled."""
    several = len(conduct.generic) > 1
    noun, verb = ("models", "were") if several else ("model", "was")
    each = "the athletes" if several else "each athlete"
    own = counted(conduct.own_models, "athlete", "scale", where(generic=PRESENT, marker_rms_m=None))
    before = f", except for {own} whose model had been scaled before" if conduct.own_models else ""
    return f"The generic {noun} {enumerated(conduct.generic)} {verb} scaled to {each}{before}."


def _families(verdicts: VerdictSection) -> str:
    """Number of tested statistics of every family."""
    tested = [entry for entry in verdicts.verdicts if not missing(entry.row["p_holm"])]
    families = Counter(entry.hypothesis.family for entry in tested)
    return enumerated([
        marked(count, "verdicts", where(p_holm=PRESENT), family, by="of family") + f" {family}"
        for family, count in families.items()
    ])  # fmt: skip


def _mean(people: pd.DataFrame, column: str, unit: str) -> str:
    """Mean and standard deviation over people, with their number where not all are known."""
    values = people.groupby("person")[column].mean()
    known_values = values.dropna()
    if known_values.empty:
        return ""

    def written(value: float, by: str) -> str:
        return marked(digits(value, unit), "participants", "", column, by=by)

    spread = f" ± {written(known_values.std(), 'sd of people')}" if len(known_values) > 1 else ""
    key = where(**{column: PRESENT})
    count = marked(len(known_values), "participants", key, "person", by="people")
    of = "" if len(known_values) == len(values) else f" (known of {count})"
    return f"{written(known_values.mean(), 'mean of people')}{spread} {unit}{of}"


def _range(
    trials: Sequence[Mapping[str, Any]], stage: str, column: str, unit: str, **values: Any
) -> str:
    """Least and largest value of trials of a stage."""
    numbers = sorted({float(trial[column]) for trial in trials})
    texts = [f"{value:g}" for value in (numbers[:1] + numbers[-1:])]
    ends = [
        marked(text, stage, where(**values), column, by=by)
        for text, by in dict(zip(texts, ("least", "most"), strict=False)).items()
    ]
    return f"{' to '.join(ends)} {unit}"
