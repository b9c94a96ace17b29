"""Alterations of a recording as a whole: units, clocks, axes, begin and end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.vectors import FloatArray
from aqbio.virtual.recording import VirtualRecording
from benchmarks.alterations.planted import (
    GONE,
    Alteration,
    Planted,
    Random,
    drawn_trials,
    together,
)
from benchmarks.alterations.study import RUN, STATIC, MemoryStudy, part_of


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
    names = (
        r"(?:lost|dropped|missing|skipped) frames",
        "frames (?:is|are|were) (?:lost|missing|dropped)|all markers (?:jump|move)",
    )
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
    names = (
        "tilt|vertical axis|level|inclin|axes|gravity|upright|climb|slope|floor",
        together("forces|plate|pressure", "no foot|under no|another|not used|off|away"),
    )
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
    """A storage file with its time in milliseconds."""
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


WHOLE_RECORDINGS: tuple[Alteration, ...] = (
    rescale, wrong_unit, resample, cut, cut_markers, stray_frames, drop_frames, mirror, tilt,
    other_axes, other_order,
)  # fmt: skip
TEXT_ALTERATIONS: tuple[Alteration, ...] = (milliseconds,)
