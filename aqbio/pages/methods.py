"""What was done, in sentences to paste: from the settings and versions that made the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aqbio.pages.origin import Origin


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
