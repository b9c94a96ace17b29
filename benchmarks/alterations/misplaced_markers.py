"""Alterations that put markers where their labels do not belong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.alterations.planted import (
    MISPLACED,
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


def swap_in_body(study: MemoryStudy, random: Random) -> Planted:
    """Two markers of one body."""
    bodies = sorted({b for b in study.bodies.values() if list(study.bodies.values()).count(b) > 1})
    body = random.choice(bodies)
    own = sorted(name for name, one in study.bodies.items() if one == body)
    return _swapped(study, random, [str(one) for one in random.choice(own, 2, replace=False)])


def swap_in_side(study: MemoryStudy, random: Random) -> Planted:
    """Two markers of two bodies of one side."""
    side = str(random.choice(["_l", "_r"]))
    own = sorted(name for name, body in study.bodies.items() if body.endswith(side))
    first = str(random.choice(own))
    others = [name for name in own if study.bodies[name] != study.bodies[first]]
    return _swapped(study, random, [first, str(random.choice(others))])


def swap_across(study: MemoryStudy, random: Random) -> Planted:
    """A marker of the left and its counterpart on the right."""
    own = sorted(name for name in study.bodies if name[0] == "L" and "R" + name[1:] in study.bodies)
    label = str(random.choice(own))
    return _swapped(study, random, [label, "R" + label[1:]])


def swap_legs(study: MemoryStudy, random: Random) -> Planted:
    """All markers below one knee with those below the other."""
    stems = [("tibia", "foot", "toes"), ("foot", "toes")][random.integers(2)]
    left = [n for n, b in study.bodies.items() if b.endswith("_l") and b[:-2] in stems]
    pairs = [(name, "R" + name[1:]) for name in left if "R" + name[1:] in study.bodies]
    trials, window = drawn_trials(study, random), slice(0, len(study.run.markers))
    _exchange(study, trials, window, pairs)
    names = (
        together("left|right|side|label|marker|leg|foot|feet", "swap|exchang|other side|cross"),
    )
    return Planted(
        f"exchange left and right of {' and '.join(stems)} in {' and '.join(trials)}", names
    )


def exchange_sides(study: MemoryStudy, random: Random) -> Planted:
    """Left and right everywhere."""
    trials = drawn_trials(study, random)
    pairs = [
        (n, "R" + n[1:])
        for n in study.run.labels
        if n[0] == "L" and "R" + n[1:] in study.run.labels
    ]
    _exchange(study, trials, slice(0, len(study.run.markers)), pairs)
    names = (together("left|right|side|label|mirror", "swap|exchang|mirror|other side|backward"),)
    return Planted(f"exchange left and right of every label in {' and '.join(trials)}", names)


def _swapped(study: MemoryStudy, random: Random, pair: Sequence[str]) -> Planted:
    trials, frames = drawn_trials(study, random), len(study.run.markers)
    window = drawn_window(frames, random)
    _exchange(study, trials, window, [(pair[0], pair[1])])
    what = f"swap {pair[0]} and {pair[1]} in {' and '.join(trials)}, {told(window, frames)}"
    return Planted(what, _misplaced(study, pair))


def _misplaced(study: MemoryStudy, labels: Sequence[str]) -> tuple[str, ...]:
    """A label that is named as misplaced, or its body as contradicted by markers."""
    bodies = {of_body(study.bodies[name]) for name in labels}
    by_body = [together(one, "marker|label", MISPLACED + "|impossible") for one in bodies]
    model = {study.twins.get(name, name) for name in labels}
    return (together(of_labels([*labels, *model]), MISPLACED), *by_body)


def _exchange(
    study: MemoryStudy,
    trials: Sequence[str],
    window: slice,
    pairs: Sequence[tuple[str, str]],
) -> None:
    for trial in trials:
        take = study.takes[trial]
        markers = take.markers.copy()
        frames = window if trial == RUN else slice(None)
        for pair in pairs:
            if not set(pair) <= set(take.labels):
                continue
            places = [take.labels.index(name) for name in pair]
            markers[frames, places] = markers[frames, places[::-1]]
        study.change(trial, markers=markers)


def put_elsewhere(study: MemoryStudy, random: Random) -> Planted:
    """A label that sits on another segment."""
    label, other = (str(one) for one in random.choice(sorted(study.bodies), 2, replace=False))
    offset = 0.03 * random.standard_normal(3)
    for trial in (trials := drawn_trials(study, random)):
        take = study.takes[trial]
        markers = take.markers.copy()
        if {label, other} <= set(take.labels):
            markers[:, take.labels.index(label)] = markers[:, take.labels.index(other)] + offset
        study.change(trial, markers=markers)
    what = f"put {label} 5 cm beside {other} in {' and '.join(trials)}"
    return Planted(what, _misplaced(study, [label]))


def shift_marker(study: MemoryStudy, random: Random) -> Planted:
    """A marker that was put on again some centimetres away."""
    label = str(random.choice(sorted(study.bodies)))
    size, direction = random.uniform(0.02, 0.10), random.standard_normal(3)
    offset = size * direction / np.linalg.norm(direction)
    markers = study.run.markers.copy()
    markers[:, study.run.labels.index(label)] += offset
    study.change(RUN, markers=markers)
    return Planted(f"{label} {100 * size:.0f} cm off in the run", _misplaced(study, [label]))


def freeze(study: MemoryStudy, random: Random) -> Planted:
    """A marker that stands still in the laboratory for a while: a gap filled by holding."""
    label = str(random.choice(sorted(study.bodies)))
    frames = len(study.run.markers)
    length = int(random.integers(frames // 12, frames // 3))
    first = int(random.integers(frames - length))
    markers, place = study.run.markers.copy(), study.run.labels.index(label)
    markers[first : first + length, place] = markers[first, place]
    study.change(RUN, markers=markers)
    names = (
        *_misplaced(study, [label]),
        together(of_labels([label]), "still|held|constant|jump|same"),
    )
    return Planted(f"{label} stands still in frames {first + 1} to {first + length}", names)


def ghosts(study: MemoryStudy, random: Random) -> Planted:
    """Single frames in which a marker is somewhere else."""
    label = str(random.choice(sorted(study.bodies)))
    markers, place = study.run.markers.copy(), study.run.labels.index(label)
    chosen = random.choice(len(markers), int(random.integers(1, 12)), replace=False)
    markers[chosen, place] += random.uniform(0.1, 1.0) * random.standard_normal((len(chosen), 3))
    study.change(RUN, markers=markers)
    return Planted(f"{label} elsewhere in {len(chosen)} single frames", _misplaced(study, [label]))


def noise(study: MemoryStudy, random: Random) -> Planted:
    """All markers tremble."""
    size = 0.001 * 10.0 ** random.uniform(0.0, 1.3)
    take = study.run
    study.change(RUN, markers=take.markers + size * random.standard_normal(take.markers.shape))
    names = (together("marker|noise|coordinate", "noise|rms|from the model|jump|far off|tremble"),)
    return Planted(f"noise of {1000 * size:.1f} mm on every marker of the run", names)


MISPLACED_MARKERS: tuple[Alteration, ...] = (
    swap_in_body, swap_in_side, swap_across, swap_legs, exchange_sides, put_elsewhere,
    shift_marker, freeze, ghosts, noise,
)  # fmt: skip
