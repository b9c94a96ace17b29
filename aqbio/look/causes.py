"""Largest causes of the ground force, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aqbio.look.levels import MotionLevels
from aqbio.look.tables import SIGNALS, averaged_contacts, contact_means
from aqbio.look.trust import along_run, drift_sentence, residual_sentence
from aqbio.names import SIDES
from aqbio.observed.parts import lost_parts
from aqbio.vectors import FloatArray

WORDS = {
    "velocity": "velocity terms",
    "contact": "acceleration of the foot",
    "other": "other joints",
}
"""Names of sources on pages, where they are others."""

MUSCLE_SIDES = {"l": "left", "r": "right"}
"""Ends of names of muscles."""

ANKLE, TOES = "ankle", "mtp"
"""Beginnings of the names of the joints of a foot."""

ARM_JOINTS = ("shoulder", "elbow")
"""Joints that are named by their own side."""

LARGEST_CAUSES = 4
"""Number of sources that are named in a sentence."""

VERTICAL = 1
"""Index of the vertical axis."""


def causes_sentence(levels: MotionLevels) -> str:
    """Sources with the largest shares of the vertical ground force, over all whole contacts."""
    causes = vertical_causes(levels)
    if causes is None:
        return f"what each joint causes is not known: {_why_unknown(levels)}"
    order = sorted(causes, key=lambda name: -abs(causes[name]))[:LARGEST_CAUSES]
    shares = (f"{100 * causes[name]:.0f}".replace("-", "−") for name in order)
    listed = ", ".join(f"{name} {share} %" for name, share in zip(order, shares, strict=True))
    words = f"vertical ground force in contact, largest causes: {listed}"
    if levels.residual is not None and not levels.residual.is_tolerated:
        return f"{words}; not to be relied on, because forces and motion do not agree"
    return words


def _why_unknown(levels: MotionLevels) -> str:
    """Reason for which level C is known in no contact."""
    if not levels.with_forces:
        return "no ground reaction force is known"
    whole, groups = levels.moving.parts.whole_body, levels.moving.model_map.groups
    if not whole.any():
        lost = lost_parts(levels.moving.parts.observed, groups, np.ones(len(whole), dtype=bool))
        return f"the motion does not determine {', '.join(lost)}".replace("_", " ")
    return "forces and motion share too little of a contact"


def mechanics_sentences(levels: MotionLevels) -> Iterator[str]:
    """What tests by mechanics say of the motion: residual and total in flight."""
    if levels.residual is not None:
        yield residual_sentence(levels.residual)
    if levels.drift is not None:
        yield drift_sentence(levels.drift)


def vertical_causes(levels: MotionLevels) -> dict[str, float] | None:
    """Share of every source in the vertical ground force, over whole contacts with level C.

    Joints are named by the leg on the ground. None where no contact has level C.
    """
    signal = next(signal for signal in SIGNALS if signal.name == "induced_ground_force")
    run = along_run(levels.dataset[[signal.name]], levels.heading)
    totals: dict[str, float] = {}
    for step in averaged_contacts(levels):
        names, means = contact_means(run, step, signal)
        if np.isfinite(means).all():
            for name, value in by_leg(names, means, step.side).items():
                totals[name] = totals.get(name, 0.0) + float(value[VERTICAL])
    total = sum(totals.values())
    return {name: value / total for name, value in totals.items()} if total > 0.0 else None


def by_leg(names: Sequence[str], means: FloatArray, side: str) -> dict[str, FloatArray]:
    """Means (K, 3) of sources by the leg on the ground; toes that turn count to their ankle.

    Ankle and toes of a standing foot are determined together only: what each alone causes depends
    on which part of the foot is held.
    """
    values = dict(zip(names, means, strict=True))
    toes = [name for name in names if name.startswith(TOES) and values[name].any()]
    means_by_words: dict[str, FloatArray] = {}
    for name, mean in values.items():
        ankle = name.replace(TOES, ANKLE) if name in toes else name
        words = leg_name(ankle, side)
        if ankle.replace(ANKLE, TOES) in toes:
            words = f"{words} and toes"
        means_by_words[words] = means_by_words.get(words, np.zeros(mean.shape)) + mean
    return means_by_words


def leg_name(source: str, side: str) -> str:
    """Name of a source by the leg on the ground: ``stance ankle``, ``left shoulder``.

    Muscles are named ``soleus_l``, or ``soleus_left``.
    """
    part, _, of_side = source.rpartition("_")
    of_side = MUSCLE_SIDES.get(of_side, of_side)
    if of_side not in SIDES:
        return WORDS.get(source, source.replace("_", " "))
    if part in ARM_JOINTS:
        return f"{of_side} {part}"
    return f"{'stance' if of_side == side else 'other'} {part}"
