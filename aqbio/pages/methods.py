"""Where the numbers come from: versions, settings, files; sentences to paste; glossary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


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


def methods_text(origin: Origin, roles: str, registry: str) -> str:
    """Describe the analysis as an article would."""
    return " ".join(_sentences(origin, roles, registry))


def _sentences(origin: Origin, roles: str, registry: str) -> Iterator[str]:
    def setting(name: str) -> Any:
        text = origin.settings.get(name)
        return None if text is None else json.loads(text)

    versions = origin.versions
    yield (
        f"Recordings were analysed with aqbio {versions['aqbio']} "
        f"(commit {', '.join(origin.commits)}; OpenSim {versions['opensim']}, NumPy "
        f"{versions['numpy']}, SciPy {versions['scipy']})."
    )
    yield (
        "A model of rigid segments was scaled to each participant, and joint angles were found by "
        "weighted least squares of marker distances (inverse kinematics)."
    )
    cutoff = setting("prepare.cutoff_hz")
    if cutoff:
        yield f"Angles and forces were low-pass filtered at {cutoff:g} Hz (zero lag)."
    if setting("consistency.enabled"):
        yield (
            "Motion, clocks and body-segment parameters were then made to satisfy the equations of "
            "motion together with the measured forces, each within its prior uncertainty."
        )
    yield (
        "Angular momentum of every segment was computed about the whole body's centre of mass, "
        f"with axes along the run. {roles}"
    )
    draws = setting("contributions.draws")
    if draws:
        yield (
            f"Uncertainty of single steps comes from {draws:g} draws of body-segment parameters, "
            "plates and marker places."
        )
    yield f"Verdicts follow registry {registry}, which states each claim, statistic and rule."


GLOSSARY: dict[str, str] = {
    "angular momentum": (
        "How much a body, or a part of it, turns about a point: mass times how far out it is times "
        "how fast it goes around, plus the turning of each segment about itself. Here about the "
        "centre of mass of the whole body, in kg m²/s."
    ),
    "body weight (BW)": "Force in units of the athlete's weight: 2 BW is twice the weight.",
    "closure": (
        "An identity that must hold whatever was recorded, such as: the parts add up to the whole. "
        "It tests the software, not the recording."
    ),
    "condition": "What was different in a trial: normal, or arms held still.",
    "consistency fit": (
        "Motion, clocks and body are changed, each within its uncertainty, until they obey the "
        "laws of mechanics together with the measured forces. What it changed is reported."
    ),
    "contact model": (
        "What is assumed of the foot while it pushes: it cannot move where the force acts (C1), "
        "nor twist (C2), nor turn at all (C3). What single joints cause depends on it."
    ),
    "cosine": (
        "How alike two curves run: 1, they rise and fall together; −1, the one rises as the "
        "other falls; 0, neither."
    ),
    "flight": "Between toe-off and the next touchdown: no foot is on the ground.",
    "hub": "The pelvis, where both legs and the upper body meet.",
    "interval": (
        "95 % interval: of many studies like this one, 95 of 100 such intervals would hold the "
        "true value."
    ),
    "mechanically implied": (
        "True of every body that runs, because of the laws of mechanics: that it is seen speaks "
        "neither for nor against an account of sprinting."
    ),
    "opposition": (
        "How well two parts balance each other: 1, the one always turns exactly against the "
        "other; 0, they turn together."
    ),
    "partition": "A way to divide the body into two sides.",
    "posterior": "What is known after markers, forces and prior knowledge were put together.",
    "push leg, push side": (
        "The leg on the ground, and with it arms, torso and pelvis as the settings say; it changes "
        "with every step."
    ),
    "registry": ("The list of claims, numbers and rules that was fixed before the data were read."),
    "residual": (
        "The force or moment that would have to act on the pelvis beside the measured ones for the "
        "measured motion to happen: what forces, motion and body leave unexplained."
    ),
    "smallest effect of interest": (
        "From what size on an effect would matter. It is ours: the articles give none."
    ),
    "stance, contact": "From touchdown to toe-off of a foot.",
    "swing leg, swing side": "The leg in the air during a contact.",
}
