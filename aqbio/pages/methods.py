"""Where the numbers come from: versions, settings, files; methods and sample to paste; glossary."""

from __future__ import annotations

import json
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
    """What was really done, by trial: from the records of the stages."""

    prepared: Sequence[Mapping[str, Any]]
    solved: Sequence[Mapping[str, Any]]
    fitted: Sequence[Mapping[str, Any]]
    """prepared, solved, fitted: Entries of trials that these stages could do."""
    generic: tuple[str, ...]
    """Generic models that were scaled."""


def methods_text(
    origin: Origin, conduct: Conduct, people: pd.DataFrame, roles: str, verdicts: VerdictSection
) -> tuple[str, ...]:
    """Describe sample and analysis as an article would, a paragraph each."""
    return (
        " ".join(_sample(conduct, people)),
        " ".join(_motion(origin, conduct)),
        " ".join(_momentum(origin, roles)),
        _statistics(verdicts),
        _software(origin),
    )


def _sample(conduct: Conduct, people: pd.DataFrame) -> Iterator[str]:
    sexes = people["sex"].fillna("sex not stated").value_counts()
    who = ", ".join(f"{number} {sex}" for sex, number in sexes.items())
    told = [f"{counted(len(people), 'athlete')} took part ({who})"]
    for column, name, unit in (("mass_kg", "body mass", "kg"), ("height_m", "stature", "m")):
        known = people[column].dropna()
        if len(known):
            spread = f" ± {digits(known.std(), unit)}" if len(known) > 1 else ""
            of = "" if len(known) == len(people) else f", known of {len(known)}"
            told.append(f"{name} {digits(known.mean(), unit)}{spread} {unit}{of}")
    yield f"{'; '.join(told)}."
    moving = [one for one in conduct.prepared if one.get("task") != "static"]
    static = len(conduct.prepared) - len(moving)
    surfaces = enumerated(sorted({str(one.get("surface", "unknown surface")) for one in moving}))
    still = f" and {counted(static, 'static trial')}" if static else "; no static trial was used"
    yield f"{counted(len(moving), 'moving trial')} ({surfaces}){still} were read."


def _values(entries: Iterable[Mapping[str, Any]], name: str, unit: str) -> str:
    """A number, or the range of it, over trials."""
    found = sorted({float(one[name]) for one in entries if one.get(name) is not None})
    ends = dict.fromkeys(f"{one:g}" for one in (found[:1] + found[-1:]))
    return f"{' to '.join(ends)} {unit}".strip()


def _motion(origin: Origin, conduct: Conduct) -> Iterator[str]:
    if not conduct.solved:
        yield "No trial came as far as inverse kinematics."
        return
    marker_rate = _values(conduct.prepared, "marker_rate_hz", "Hz")
    ways = enumerated(sorted({str(one["inverse_kinematics"]) for one in conduct.solved}))
    errors = [1000.0 * one["marker_rms_m"] for one in conduct.solved]
    yield (
        f"{_values(conduct.solved, 'markers', 'markers')} were tracked at {marker_rate}. The "
        f"generic model {enumerated(conduct.generic)} was scaled to each athlete, and joint angles "
        f"were found by {ways} of marker distances (root mean square error {min(errors):.1f} to "
        f"{max(errors):.1f} mm)."
    )
    events = {str(one.get("events")) for one in conduct.prepared if one.get("contacts")}
    if "plates" in events:
        threshold = origin.setting("prepare.event_threshold_overground_n")
        belt = origin.setting("prepare.event_threshold_treadmill_n")
        yield (
            f"Contacts on force plates began and ended where the vertical force crossed "
            f"{threshold:g} N (on treadmills {belt:g} N), low-pass filtered at "
            f"{origin.setting('prepare.event_cutoff_hz'):g} Hz."
        )
    else:
        yield "No force plate was read: contacts come from foot markers."
    fitted = [one for one in conduct.fitted if one.get("motion") == "fitted"]
    plain = len(conduct.fitted) - len(fitted)
    cutoff = origin.setting("prepare.cutoff_hz")
    if fitted:
        yield (
            f"In {counted(len(fitted), 'trial')} raw markers, forces, clocks and body-segment "
            "parameters were fitted together to the equations of motion, each within its prior "
            "uncertainty, so that no filter was applied to the motion."
        )
    if plain:
        yield (
            f"In {counted(plain, 'trial')} motion and forces were low-pass filtered at {cutoff:g} "
            "Hz (zero lag) and not fitted."
        )


def _momentum(origin: Origin, roles: str) -> Iterator[str]:
    along = " on axes along the run" if origin.setting("contributions.align_heading") else ""
    yield (
        "Angular momentum of every segment was computed about the whole body's centre of "
        f"mass{along}; left steps were mirrored onto right ones. {roles} Dimensionless values are "
        "divided by mass, stature and speed (Herr & Popovic 2008)."
    )
    draws = origin.setting("contributions.draws")
    if draws:
        yield (
            f"Intervals of measurement come from {draws:g} draws of body-segment parameters, "
            "plates, marker places and fitted motion."
        )


def _statistics(verdicts: VerdictSection) -> str:
    tested = [one for one in verdicts.registry.hypotheses if one.always is None]
    alphas = enumerated(sorted({f"{one.alpha:g}" for one in tested}))
    least = enumerated(sorted({str(one.minimum.athletes) for one in tested}, key=int))
    judged = [one for one in verdicts.verdicts if not missing(one.row["p_holm"])]
    return (
        f"{verdicts.fixed.removesuffix(':')} {counted(len(judged), 'statistic')} passed all gates "
        "and were tested over athletes, in the predicted direction and against the smallest effect "
        f"of interest, at an alpha of {alphas} adjusted by Holm's method. Gates ask for {least} "
        "athletes, by hypothesis, for accepted trials and for errors of measurement below half of "
        "the smallest effect of interest."
    )


def _software(origin: Origin) -> str:
    names = {"aqbio": "aqbio", "opensim": "OpenSim", "numpy": "NumPy", "scipy": "SciPy"}
    versions = [f"{words} {origin.versions[name]}" for name, words in names.items()]
    return f"Software: {', '.join(versions)}; commit {', '.join(origin.commits)}."
