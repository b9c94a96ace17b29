"""Alterations of what the cameras saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.mechanics.vectors import FloatArray
from aqbio.virtual.recordings.laboratory import Laboratory
from aqbio.virtual.recordings.recording import VirtualRecording
from benchmarks.alterations.planted import (
    ARMS,
    GONE,
    LEGS,
    MISPLACED,
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
from benchmarks.alterations.study import RUN, STATIC, MemoryStudy

WHOLE = {"humerus": ARMS, "torso": TRUNK, "femur": LEGS, "tibia": LEGS}
"""Bodies whose markers nothing else can stand in for, and the groups that hang on them."""


def hide_body(study: MemoryStudy, random: Random) -> Planted:
    """All markers of one body in the run, or in a part of it."""
    body = str(random.choice(sorted(set(study.bodies.values()))))
    return _hidden(study, [n for n, own in study.bodies.items() if own == body], random, body)


def hide_limb(study: MemoryStudy, random: Random) -> Planted:
    """All markers of both arms, one arm, one leg or the trunk."""
    stems = {"arm": ("humerus", "radius", "ulna"), "leg": ("femur", "tibia", "foot", "toes")}
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
    model = {_model_names().get(name, name) for name in labels}
    return (together(of_labels([*labels, *model]), MISPLACED), *by_body)


def _model_names() -> dict[str, str]:
    """What findings call labels of the marker sets that are used here."""
    return {"RLEPI": "RKNL", "LLEPI": "LKNL", "RLMAL": "RANL", "LLMAL": "LANL", "RHEEL": "RHEE",
            "LHEEL": "LHEE", "RP1MT": "RMT1", "LP1MT": "LMT1", "RP5MT": "RMT5", "LP5MT": "LMT5",
            "RELB": "RELL", "LELB": "LELL", "RSH": "RSHO", "LSH": "LSHO", "RACR": "RSHO",
            "LACR": "LSHO", "RCAL": "RHEE", "LCAL": "LHEE"}  # fmt: skip


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


def rescale(study: MemoryStudy, random: Random) -> Planted:
    """A wrong calibration of the cameras, of the run, the static trial or both."""
    factor = float(random.uniform(0.7, 1.4))
    trials = drawn_trials(study, random)
    for trial in trials:
        study.change(trial, markers=factor * study.takes[trial].markers)
    names = (
        together("length|size|scale|stature|tall|height|distances|dimension|segment|calibrat",
                 r"static|sheet|stated|height_m|unit|contradict|calibrat|\bm\b|%|mm"),
        together("gravity|free fall|falls"),
    )  # fmt: skip
    return Planted(f"lengths times {factor:.2f} in {' and '.join(trials)}", names)


def wrong_unit(study: MemoryStudy, random: Random) -> Planted:
    """A header that says metres where numbers are millimetres, or the other way round."""
    factor = [1e-3, 1e3, 1e-2, 1e2][random.integers(4)]
    trials = drawn_trials(study, random)
    for trial in trials:
        study.change(trial, markers=factor * study.takes[trial].markers)
    return Planted(
        f"lengths times {factor:g} in {' and '.join(trials)}, header unchanged",
        (together("unit|metre|mm|size|cm", "mm|metre|unit|inch|cm|times"),),
        foreseen=True,
    )


def resample(study: MemoryStudy, random: Random) -> Planted:
    """Another rate of the cameras, and with it of the plates in a C3D file."""
    rate = float(np.round(np.exp(random.uniform(np.log(40.0), np.log(500.0)))))
    before = study.run.marker_rate
    study.takes[RUN] = resampled(study.run, rate)
    study.laboratory = Laboratory(study.laboratory.axes, study.laboratory.marker_unit)
    return Planted(
        f"the run at {rate:g} Hz instead of {before:g} Hz",
        (together("Hz|rate", r"cut-?off|rate|Hz|frames|slow"),),
        foreseen=rate <= 50.0,
    )


def resampled(take: VirtualRecording, rate: float) -> VirtualRecording:
    """Interpolate a recording to another rate; forces to the nearest whole multiple."""
    time = np.arange(len(take.markers)) / take.marker_rate
    new = np.arange(0.0, time[-1], 1.0 / rate)
    force_rate = rate * max(1.0, round(take.force_rate / rate))
    force_time = np.arange(len(take.force)) / take.force_rate
    force_new = np.arange(0.0, len(new) * round(force_rate / rate)) / force_rate
    return take.changed(
        markers=_interpolated(time, take.markers, new),
        rotation=np.zeros((len(new), 0, 3, 3)),
        phase=np.zeros(len(new)),
        marker_rate=rate,
        force_rate=force_rate,
        force=linear(force_time, take.force, force_new),
        moment=linear(force_time, take.moment, force_new),
    )


def _interpolated(time: FloatArray, markers: FloatArray, new: FloatArray) -> FloatArray:
    """Cubic in each marker; missing where the nearest frame was."""
    found = np.full((len(new), *markers.shape[1:]), np.nan)
    nearest = np.abs(new[:, None] - time).argmin(axis=1)
    for place in range(markers.shape[1]):
        known = np.isfinite(markers[:, place, 0])
        if known.sum() > 3:
            found[:, place] = CubicSpline(time[known], markers[known, place])(new)
            found[~known[nearest], place] = np.nan
    return found


def linear(time: FloatArray, values: FloatArray, new: FloatArray) -> FloatArray:
    """Interpolate samples of any shape."""
    flat = values.reshape(len(values), -1)
    columns = [np.interp(new, time, column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(len(new), *values.shape[1:])


def cut(study: MemoryStudy, random: Random) -> Planted:
    """Another begin and end of the export, markers and forces alike."""
    from benchmarks.alterations.bases import part_of

    take = study.run
    length = len(take.markers) / take.marker_rate
    start, stop = sorted(random.uniform(0.0, length, 2))
    start, stop = (start, stop) if stop - start > 0.35 * length else (0.0, max(stop, 0.5 * length))
    start = round(start * take.marker_rate) / take.marker_rate
    study.takes[RUN] = part_of(take, start, stop)
    what = f"cut to {start:.2f} to {stop:.2f} s of {length:.2f} s"
    return Planted(what, ("cut|outside|whole step|end of the recording|begin|no later contact",),
                   shifts=(start,), window=(start, stop))  # fmt: skip


def cut_markers(study: MemoryStudy, random: Random) -> Planted:
    """Markers that end early or begin late while the plates go on."""
    markers, rate = study.run.markers.copy(), study.run.marker_rate
    late, early = (round(x * len(markers)) for x in random.uniform(0.0, 0.3, 2))
    markers[:late], markers[len(markers) - early :] = np.nan, np.nan
    study.change(RUN, markers=markers)
    window = (late / rate, (len(markers) - early) / rate)
    what = f"markers only from {window[0]:.2f} to {window[1]:.2f} s, forces throughout"
    names = (together("marker|angles|seen|recording|contact", GONE + "|cut|outside|end|begin"),)
    return Planted(what, names, shifts=(0.0, window[0]), window=window)


def stray_frames(study: MemoryStudy, random: Random) -> Planted:
    """A few markers are seen again after the runner has left the volume."""
    take = study.run
    count, gap = int(random.integers(1, 12)), int(random.integers(5, 80))
    frames = len(take.markers)
    markers = np.full((frames + gap + count, *take.markers.shape[1:]), np.nan)
    markers[:frames] = take.markers
    some = random.choice(markers.shape[1], int(random.integers(1, 8)), replace=False)
    markers[-count:, some] = take.markers[-1, some] + random.uniform(-0.5, 1.5)
    ratio = take.force_rate / take.marker_rate
    more = round((gap + count) * ratio)
    study.change(
        RUN, markers=markers, phase=np.zeros(len(markers)),
        rotation=np.zeros((len(markers), 0, 3, 3)),
        force=_longer(take.force, more), moment=_longer(take.moment, more),
    )  # fmt: skip
    what = f"{count} stray frames with {len(some)} markers, {gap} frames after the end"
    return Planted(what, (together("frame|marker", GONE + "|stray|alone|few|outside"),))


def _longer(values: FloatArray, count: int) -> FloatArray:
    return np.concatenate((values, np.zeros((count, *values.shape[1:]))))


def drop_frames(study: MemoryStudy, random: Random) -> Planted:
    """Frames that the camera computer lost: later frames come too early, plates do not."""
    take = study.run
    count = int(random.integers(2, 25))
    first = int(random.integers(len(take.markers) // 5, 4 * len(take.markers) // 5))
    kept = np.r_[0:first, first + count : len(take.markers)]
    samples = round(len(kept) * take.force_rate / take.marker_rate)
    study.change(
        RUN, markers=take.markers[kept], rotation=take.rotation[kept], phase=take.phase[kept],
        force=take.force[:samples], moment=take.moment[:samples],
    )  # fmt: skip
    late = count / take.marker_rate
    names = (r"(?:lost|dropped|missing|skipped) frames|frames (?:is|are|were) (?:lost|missing|dropped)",
             "all markers (?:jump|move)|whole body jumps")  # fmt: skip
    return Planted(
        f"{count} frames ({1000 * late:.0f} ms) lost after frame {first}", names,
        window=(-np.inf, len(kept) / take.marker_rate),
    )  # fmt: skip


def mirror(study: MemoryStudy, random: Random) -> Planted:
    """A left-handed export: one horizontal axis turned round, markers only or plates too."""
    axis = int(random.choice([0, 2]))
    sign = np.ones(3)
    sign[axis] = -1.0
    for trial in (RUN, STATIC):
        if trial in study.takes:
            study.change(trial, markers=study.takes[trial].markers * sign)
    names = (together("mirror|left-handed|handed|sides?|backward|exchang|swap|turned|axes"),
             together("forces|plate", "no foot|under no|another trial|not used|place"))  # fmt: skip
    return Planted(f"axis {'xyz'[axis]} of all markers turned round", names)


def tilt(study: MemoryStudy, random: Random) -> Planted:
    """A badly calibrated vertical of the cameras."""
    angle = np.radians(random.uniform(3.0, 20.0)) * random.choice([-1.0, 1.0])
    axis = int(random.choice([0, 2]))
    c, s = np.cos(angle), np.sin(angle)
    turn = np.eye(3)
    turn[np.ix_([1, 2 - axis], [1, 2 - axis])] = [[c, -s], [s, c]]
    for trial in (RUN, STATIC):
        if trial in study.takes:
            study.change(trial, markers=study.takes[trial].markers @ turn.T)
    names = (together("tilt|vertical|level|inclin|axes|gravity|upright|climb|slope|floor"),
             together("forces|plate|pressure", "no foot|under no|another|not used|off|away"))  # fmt: skip
    return Planted(f"all markers tilted by {np.degrees(angle):.0f} degrees", names)


def milliseconds(study: MemoryStudy, random: Random) -> Planted:
    """Time columns in milliseconds: of markers, forces or both."""
    files = [(f"{RUN}.trc",), (f"{RUN}_forces.mot",), (f"{RUN}.trc", f"{RUN}_forces.mot")]
    chosen = files[random.integers(3)]
    for name in chosen:
        study.edits[name] = _trc_milliseconds if name.endswith("trc") else mot_milliseconds
    names = (
        together("millisecond|time column|clock|seconds", "millisecond|ms|thousand|seconds|unit"),
    )
    return Planted(f"time in milliseconds in {' and '.join(chosen)}", names, foreseen=True)


def _trc_milliseconds(text: str) -> str:
    lines = text.splitlines()
    for number, line in enumerate(lines[6:], 6):
        cells = line.split("\t")
        lines[number] = "\t".join((cells[0], f"{1e3 * float(cells[1]):.5f}", *cells[2:]))
    return "\n".join(lines) + "\n"


def mot_milliseconds(text: str) -> str:
    """Give a storage file with its time in milliseconds."""
    head, rows = text.split("endheader\n")
    names, *rows = rows.splitlines()
    cells = [row.split("\t", 1) for row in rows]
    rows = [f"{1e3 * float(time):.5f}\t{rest}" for time, rest in cells]
    return "\n".join((head + "endheader", names, *rows)) + "\n"


def other_axes(study: MemoryStudy, random: Random) -> Planted:
    """The laboratory's axes are turned about the vertical."""
    angle = random.uniform(-np.pi, np.pi)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
    axes = tuple(map(tuple, (study.laboratory.matrix @ turn).tolist()))
    study.laboratory = replace(study.laboratory, axes=axes)
    return Planted(f"laboratory turned by {np.degrees(angle):.0f} degrees", ("diagonal",))


def other_order(study: MemoryStudy, random: Random) -> Planted:
    """Harmless: labels in another order, with a prefix."""
    prefix = str(random.choice(["", "subject:", "S01_run:"]))
    for trial, take in study.takes.items():
        order = random.permutation(len(take.labels))
        labels = tuple(prefix + take.labels[place] for place in order)
        study.change(trial, labels=labels, markers=take.markers[:, order])
    return Planted(f"labels in another order, prefix '{prefix}'", harmless=True)


MARKER_ALTERATIONS: tuple[Alteration, ...] = (
    hide_body, hide_limb, hide_landmarks, hide_some, swap_in_body, swap_in_side, swap_across,
    swap_legs, exchange_sides, rename, put_elsewhere, shift_marker, freeze, ghosts, noise, rescale,
    wrong_unit, resample, cut, cut_markers, stray_frames, drop_frames, mirror, tilt, other_axes,
    other_order,
)  # fmt: skip
TEXT_ALTERATIONS: tuple[Alteration, ...] = (milliseconds,)
