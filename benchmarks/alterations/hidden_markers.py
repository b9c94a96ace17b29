"""Alterations that take markers away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.alterations.planted import (
    ARMS,
    GONE,
    LEGS,
    TRUNK,
    Alteration,
    Planted,
    Random,
    drawn_trials,
    drawn_window,
    of_body,
    of_labels,
    together,
    told,
)
from benchmarks.alterations.study import RUN, MemoryStudy

WHOLE = {"humerus": ARMS, "torso": TRUNK, "femur": LEGS, "tibia": LEGS}
"""Bodies whose markers nothing else can stand in for, and the groups that hang on them."""


def hide_body(study: MemoryStudy, random: Random) -> Planted:
    """All markers of one body in the run, or in a part of it."""
    body = str(random.choice(sorted(set(study.bodies.values()))))
    return _hidden(study, [n for n, own in study.bodies.items() if own == body], random, body)


def hide_limb(study: MemoryStudy, random: Random) -> Planted:
    """All markers of one arm or leg, or of both."""
    stems = {
        "arm": ("humerus", "radius", "ulna", "hand"),
        "leg": ("femur", "tibia", "foot", "toes"),
    }
    limb = str(random.choice(["arm", "leg"]))
    sides = [("_l",), ("_r",), ("_l", "_r")][random.integers(3)]
    bodies = {stem + side for stem in stems[limb] for side in sides}
    labels = [name for name, body in study.bodies.items() if body in bodies]
    return _hidden(study, labels, random, f"{limb} {'+'.join(sides)}", limb)


def hide_landmarks(study: MemoryStudy, random: Random) -> Planted:
    """The landmarks of one body; its clusters stay."""
    some = sorted({study.bodies[name] for name in study.landmarks})
    body = str(random.choice(some))
    labels = [name for name in study.landmarks if study.bodies[name] == body]
    return _hidden(study, labels, random, f"landmarks of {body}", of_body(body))


def hide_some(study: MemoryStudy, random: Random) -> Planted:
    """A handful of markers anywhere."""
    count = int(random.integers(1, 11))
    labels = [str(one) for one in random.choice(sorted(study.bodies), count, replace=False)]
    return _hidden(study, labels, random, f"{count} markers")


def _hidden(
    study: MemoryStudy, labels: Sequence[str], random: Random, what: str, part: str = ""
) -> Planted:
    trials = drawn_trials(study, random)
    frames = len(study.run.markers)
    window = drawn_window(frames, random)
    for trial in trials:
        take = study.takes[trial]
        markers = take.markers.copy()
        places = [take.labels.index(name) for name in labels if name in take.labels]
        markers[window if trial == RUN else slice(None), places] = np.nan
        study.change(trial, markers=markers)
    words = [of_labels(labels), *{of_body(study.bodies[name]) for name in labels}]
    words += [part] if part else []
    names = tuple(together(word, GONE) for word in words)
    where = f"{' and '.join(trials)}, {told(window, frames)}"
    gone = groups_of(study, labels) if RUN in trials else ()
    return Planted(f"hide {what} ({', '.join(labels)}) in {where}", names, gone=gone)


def groups_of(study: MemoryStudy, labels: Sequence[str]) -> tuple[str, ...]:
    """Groups that hang on a long segment of which no label is left."""
    left = {body for name, body in study.bodies.items() if name not in labels}
    bodies = {
        study.bodies[name].rsplit("_", 1)[0] for name in labels if study.bodies[name] not in left
    }
    found = [groups for body, groups in WHOLE.items() if body in bodies]
    return tuple(dict.fromkeys(group for groups in found for group in groups))


def rename(study: MemoryStudy, random: Random) -> Planted:
    """Labels that the marker set does not know."""
    count = int(random.integers(1, 6))
    chosen = {str(one) for one in random.choice(sorted(study.bodies), count, replace=False)}
    trials = drawn_trials(study, random)
    for trial in trials:
        labels = tuple(
            f"M{n}" if one in chosen else one for n, one in enumerate(study.takes[trial].labels)
        )
        study.change(trial, labels=labels)
    bodies = {of_body(study.bodies[name]) for name in chosen}
    names = (together(of_labels(sorted(chosen)), GONE), *(together(one, GONE) for one in bodies))
    return Planted(
        f"rename {', '.join(sorted(chosen))} in {' and '.join(trials)}", names, foreseen=True
    )


HIDDEN: tuple[Alteration, ...] = (hide_body, hide_limb, hide_landmarks, hide_some, rename)
