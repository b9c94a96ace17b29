"""B11: consistency against OpenSim's residual reduction, and its budgets."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from aqbio.consistency.fit import TrialFit, fit_trial
from aqbio.consistency.parameters import Runner
from aqbio.consistency.solver import Solver
from aqbio.io.mot import read_storage
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import Motion, spline_motion
from aqbio.names import GRAVITY
from aqbio.opensim.skeleton import read_skeleton
from aqbio.signals import quintic_spline
from aqbio.vectors import FloatArray
from benchmarks.board import Measured, Row, Target, Verdict, yes
from benchmarks.material import JA1, Material, coordinates_of, realdata, write_coordinates
from benchmarks.recorded_runs import MODELS, RecordedRun, recorded_run
from benchmarks.residual_reduction import Reduction, residual_reduction_tool
from benchmarks.tools import Span

PER_FRAME_S = 0.003
STRENGTHS = (1.0, 20.0)
"""Factors on RRATool's residual actuators: its example's, and much stronger ones."""
MARGIN_S = 0.01
SMALL = 0.1
"""Of the residual force, at most this may be left."""
MODEL = "ja1"
"""Stock model without patellae and couplers, which RRATool runs without complaint."""


def against_residual_reduction(material: Material) -> Sequence[Row | Measured]:
    """B11, once: RRATool takes half a minute; and the fit's budget."""
    data = realdata()
    run = recorded_run(data, "sprint", MODEL)
    rivals = [
        _rival(run, data, material.folder, number, strength)
        for number, strength in enumerate(STRENGTHS)
    ]
    return [*rivals, _budget(run)]


def _budget(run: RecordedRun) -> Row:
    frames = len(run.observations.time)

    def small(mine: TrialFit, _: object) -> Verdict:
        after = mine.after.force[mine.measured]
        before = mine.before.force[mine.measured]
        left = float(np.sqrt((after**2).mean() / (before**2).mean()))
        words = f"{len(mine.cost) - 1} steps; {left:.0%} of the residual force is left"
        return Verdict(left < SMALL, words)

    return Row(
        "B11.3",
        f"consistency of JA1's sprint, {frames} frames, splines through the markers alone "
        f"included: {1e3 * PER_FRAME_S:g} ms a frame",
        partial(fit_trial, run.runner, run.observations),
        None,
        small,
        Target("ours_s", "<=", PER_FRAME_S * frames),
    )


def _rival(run: RecordedRun, data: Path, folder: Path, number: int, strength: float) -> Measured:
    """Residual and markers of both, evaluated with the same spline and engine."""
    began = time.perf_counter()
    fit = fit_trial(run.runner, run.observations)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    motion, rival = reduced(run, data, folder / f"rra{number}", strength)
    theirs = time.perf_counter() - began
    after = Solver(rival, run.observations, parameters=()).residual(motion, {})
    frames = fit.measured & (run.observations.time <= run.contacts[-1, 1])
    frames &= run.observations.time >= run.contacts[0, 0]
    mine = _numbers(run, fit.after.force[frames], fit.after.moment[frames])
    other = _numbers(run, after.force[frames], after.moment[frames])
    markers = [
        _marker_mm(run, rival_q, body, frames)
        for rival_q, body in (
            (fit.motion.q, run.runner),
            (motion.q, rival),
            (run.observations.start, run.runner),
        )
    ]
    return Measured(
        id="B11" if not number else f"B11.{number + 1}",
        what=f"JA1's sprint (9.5 m/s, {len(run.observations.time)} frames) made consistent: fit "
        f"with 9 parameters, against RRATool with residual actuators x {strength:g} and one "
        "adjustment of the torso",
        ours_s=ours,
        other_s=theirs,
        ratio=theirs / ours,
        correct=yes(fit.cost[-1] < fit.cost[0]),
        note=f"residual force and moment left, RMS x/y/z: ours {mine}; RRATool {other}; markers "
        f"{markers[0]:.1f} and {markers[1]:.1f} mm (inverse kinematics {markers[2]:.1f})",
    )


def reduced(run: RecordedRun, data: Path, folder: Path, strength: float) -> tuple[Motion, Runner]:
    """Motion by RRATool on the markers' clock, and its adjusted body."""
    folder.mkdir(parents=True)
    skeleton, seen = run.runner.skeleton, run.observations
    coordinates = folder / "ik.mot"
    write_coordinates(coordinates, skeleton, seen.time, seen.start)
    ja1, span = data / JA1, Span(run.contacts[0, 0] - 0.05, run.contacts[-1, 1] + 0.05)
    given = Reduction(
        model=ja1 / "models" / MODELS[MODEL][0],
        coordinates=coordinates,
        forces=ja1 / "trc_mot" / "sprint_grf.mot",
        loads=ja1 / "trc_mot" / "sprint_grf.xml",
        cutoff=run.cutoff,
        strength=strength,
    )
    found, adjusted = residual_reduction_tool(given, span, folder)
    table = read_storage(found)
    inside = (seen.time >= span.start + MARGIN_S) & (seen.time <= span.end - MARGIN_S)
    curve = quintic_spline(table.time, coordinates_of(table, skeleton))
    part = spline_motion(skeleton, seen.time[inside], curve(seen.time[inside]))
    whole = [np.repeat(values[:1], len(inside), axis=0) for values in (part.q, part.u, part.udot)]
    for values, known in zip(whole, (part.q, part.u, part.udot), strict=True):
        values[inside] = known
    return Motion(*whole), Runner(read_skeleton(adjusted), run.runner.groups)


def _numbers(run: RecordedRun, force: FloatArray, moment: FloatArray) -> str:
    weight = float(run.runner.skeleton.mass.sum()) * GRAVITY
    of_weight = 100.0 * np.sqrt((force**2).mean(axis=0)) / weight
    left = np.sqrt((moment**2).mean(axis=0))
    return (
        "/".join(f"{x:.1f}" for x in of_weight)
        + " % BW, "
        + ("/".join(f"{x:.0f}" for x in left) + " N m")
    )


def _marker_mm(run: RecordedRun, q: FloatArray, body: Runner, frames: np.ndarray) -> float:
    seen = run.observations
    found = marker_positions(body.skeleton, q)[:, seen.marker_index]
    apart = ((found - seen.markers) ** 2).sum(axis=2)[frames]
    return 1e3 * float(np.sqrt(np.nanmean(apart)))
