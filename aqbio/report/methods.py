"""Origin of the numbers (versions, settings, files), and methods and sample to paste."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from aqbio.figures.words import digits
from aqbio.pages.filters import counted, enumerated, missing
from aqbio.pages.verdicts import VerdictSection


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
    origin: Origin, conduct: Conduct, people: pd.DataFrame, verdicts: VerdictSection
) -> dict[str, Any]:
    """Values that the methods to paste (``paste.html.j2``) are filled in with."""
    moving = [trial for trial in conduct.prepared if trial.get("task") != "static"]
    fitted = [trial for trial in conduct.fitted if trial.get("motion") == "fitted"]
    tested = verdicts.registry.hypotheses
    tracked = [trial for trial in conduct.solved if trial["marker_rms_m"] is not None]
    errors = [1000.0 * trial["marker_rms_m"] for trial in tracked]
    ways = sorted({str(trial["inverse_kinematics"]) for trial in tracked})
    return {
        "athletes": counted(len(people), "athlete"),
        "sexes": _counts(people["sex"].fillna("sex not stated")),
        "mass": _mean(people["mass_kg"], "kg"),
        "stature": _mean(people["height_m"], "m"),
        "moving": counted(len(moving), "moving trial"),
        "static": len(conduct.prepared) - len(moving),
        "surfaces": enumerated(sorted({str(trial.get("surface")) for trial in moving})),
        "tracked": len(tracked),
        "from_angles": len(conduct.solved) - len(tracked),
        "own_models": conduct.own_models,
        "markers": _range([trial["markers"] for trial in tracked], "markers"),
        "rates": _range([trial["marker_rate_hz"] for trial in conduct.prepared], "Hz"),
        "models": enumerated(conduct.generic),
        "scaled": _scaled(conduct),
        "ways": enumerated(ways),
        "errors": f"{min(errors, default=0.0):.1f} to {max(errors, default=0.0):.1f} mm",
        "plates": any(trial.get("events") == "plates" for trial in conduct.prepared),
        "fitted": len(fitted),
        "plain": len(conduct.fitted) - len(fitted),
        "setting": origin.setting,
        "judged": sum(not missing(verdict.row["p_holm"]) for verdict in verdicts.verdicts),
        "families": _families(verdicts),
        "alphas": enumerated(sorted({f"{hypothesis.alpha:g}" for hypothesis in tested})),
        "least": enumerated(
            sorted({str(hypothesis.minimum.athletes) for hypothesis in tested}, key=int)
        ),
    }


def _scaled(conduct: Conduct) -> str:
    """State the generic models that were scaled."""
    several = len(conduct.generic) > 1
    noun, verb = ("models", "were") if several else ("model", "was")
    each = "the athletes" if several else "each athlete"
    before = (
        f", except for {counted(conduct.own_models, 'athlete')} whose model had been scaled before"
        if conduct.own_models
        else ""
    )
    return f"The generic {noun} {enumerated(conduct.generic)} {verb} scaled to {each}{before}."


def _families(verdicts: VerdictSection) -> str:
    """Number of tested statistics of every family."""
    tested = [entry for entry in verdicts.verdicts if not missing(entry.row["p_holm"])]
    families = Counter(entry.hypothesis.family for entry in tested)
    return enumerated([f"{count} {family}" for family, count in families.items()])


def _counts(words: pd.Series) -> str:
    return ", ".join(f"{number} {word}" for word, number in words.value_counts().items())


def _mean(values: pd.Series, unit: str) -> str:
    """Mean and standard deviation of known values, with their number; empty for none."""
    finite = values.dropna()
    if finite.empty:
        return ""
    spread = f" ± {digits(finite.std(), unit)}" if len(finite) > 1 else ""
    of = "" if len(finite) == len(values) else f" (known of {len(finite)})"
    return f"{digits(finite.mean(), unit)}{spread} {unit}{of}"


def _range(values: Iterable[float], unit: str) -> str:
    ordered = sorted(set(values))
    ends = dict.fromkeys(f"{value:g}" for value in (ordered[:1] + ordered[-1:]))
    return f"{' to '.join(ends)} {unit}"
