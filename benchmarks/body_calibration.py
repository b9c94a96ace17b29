"""How near the truth bodies are: ``python -m benchmarks.body_calibration --athletes 12 --write``.

Virtual athletes (`benchmarks.virtual_bodies`), calibrated from several sets of recordings and
scaled from the static trial alone. ``--athletes`` of each case, twice as many of the usual.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import aqbio
from aqbio.io.atomic import write_text
from aqbio.io.body_sizes import body_sizes
from aqbio.mechanics.calibration.beliefs import Person, beliefs, posture_belief, size_belief
from aqbio.mechanics.calibration.fit import BodyFit, FlexionStarts, body_fit
from aqbio.mechanics.calibration.frames import Recording, chosen_frames
from aqbio.mechanics.calibration.parts import body_parts
from aqbio.mechanics.calibration.places import believed_places
from aqbio.mechanics.calibration.posterior import joint_distances, lengths
from aqbio.mechanics.calibration.problem import Problem
from aqbio.mechanics.calibration.shape import Template
from aqbio.mechanics.inverse_kinematics.ik import inverse_kinematics
from aqbio.mechanics.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.mechanics.multibody.momentum import angular_momentum, centre_of_mass
from aqbio.mechanics.multibody.motion import spline_motion
from aqbio.mechanics.multibody.poses import segment_poses
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.vectors import FloatArray
from aqbio.stages.scaling.calibration import moving_shape
from benchmarks.virtual_bodies import (
    CASES,
    MAP,
    RATE,
    THIRD,
    VirtualBody,
    generic,
    places_of,
    virtual_body,
)

RESULT = Path(__file__).parent / "results" / "body_calibration.md"
EVERY, CUTOFF, EDGE, INTERVAL = 2, 20.0, 12, 1.959964
ANGLES = (
    "knee_angle", "hip_flexion", "hip_adduction", "hip_rotation", "ankle_angle",
    "lumbar_extension",
)  # fmt: skip
CENTRES = ("hip", "knee", "ankle", "shoulder")
LEG = ("femur", "tibia", "foot", "toes")
TODAY, ALL, CLUSTERS, ONE_LEG = (
    "static trial", "all data", "no static, clusters only", "one leg hidden",
)  # fmt: skip
GATES = {ALL: (4.0, 6.0, 9.0, 2.2), CLUSTERS: (7.0, 7.0, 11.0, 2.5)}
"""Limits of RMSE: lengths of limbs, hip width, joint centres (mm), angle offsets (degrees)."""
GATED = ("length", "hip width", "centre", "angle")
COVERED, LEAST_COVERED = (0.92, 0.98), 0.88


@dataclass(frozen=True, eq=False)
class Found:
    """A body that some way found: its skeleton, what it states, and its time."""

    way: str
    skeleton: Skeleton
    hidden: tuple[str, ...]
    seconds: float
    fit: BodyFit | None = None


def hidden_labels(body: VirtualBody, way: str) -> tuple[str, ...]:
    """Labels that a way does not see."""
    if way == CLUSTERS:
        return tuple(s + n for s in "RL" for n in ("KNL", "KNM", "ANL", "ANM"))
    left = {f"{name}_l" for name in LEG}
    if way == ONE_LEG:
        return tuple(name for name, label in body.labels.items() if label.body in left)
    return tuple(THIRD) if way == TODAY else ()


def calibrated(body: VirtualBody, way: str) -> Found:
    """Calibrate an athlete with the product's kernel at its default settings."""
    hidden, start = hidden_labels(body, way), time.process_time()
    own, sex = generic(body.athlete), body.athlete.sex
    labels = {name: label for name, label in body.labels.items() if name not in hidden}
    parts = body_parts(own, MAP)
    places, sds = believed_places(own, parts, labels)
    template = Template.of(own, MAP, places)
    sizes = size_belief(parts, body_sizes(), Person(sex), Person(sex))
    prior = beliefs(template, sizes, sds, posture_belief(own, MAP))
    kept = [index for index, name in enumerate(body.skeleton.markers) if name in labels]
    recordings = body.runs if way == CLUSTERS else (body.still, *body.runs)
    seen = [replace(one, position=one.position[:, kept]) for one in recordings]
    problem = Problem(template, chosen_frames(seen, places.body), prior)
    fit = body_fit(problem, flexions=FlexionStarts.of(template, MAP))
    skeleton = template.skeleton_of(moving_shape(fit))
    return Found(way, skeleton, hidden, time.process_time() - start, fit)


def solved(found: Found, body: VirtualBody, run: Recording) -> FloatArray:
    """(T, C) array: the product's inverse kinematics, in the order of the truth's coordinates."""
    own, true = found.skeleton, body.skeleton
    names = [n for n in true.markers if n in own.markers and n not in found.hidden]
    at = np.array([own.markers.index(name) for name in names])
    position = run.position[::EVERY, [true.markers.index(name) for name in names]]
    q = inverse_kinematics(own, position, at, np.ones(len(at))).q
    return np.asarray(q[:, [own.coordinates.index(name) for name in true.coordinates]])


def ordered(skeleton: Skeleton, true: Skeleton, q: FloatArray) -> FloatArray:
    """Coordinates in the order of another skeleton."""
    return np.asarray(q[:, [true.coordinates.index(name) for name in skeleton.coordinates]])


def judged(found: Found, body: VirtualBody) -> Iterator[dict[str, object]]:
    """Errors of one body: group, quantity, error (mm, degrees, kg m²/s) and stated deviation."""
    yield from _lengths(found, body)
    sides = ("_r",) if found.way == ONE_LEG else ("_r", "_l")
    turned, centred = [], []
    for run, true_q in zip(body.runs, body.q, strict=True):
        q, truth = solved(found, body, run), true_q[::EVERY]
        turned.append(np.degrees((q - truth + np.pi) % (2.0 * np.pi) - np.pi))
        centred.append(_centre_errors(found.skeleton, body.skeleton, q, truth))
    yield from _angles(found, body, np.concatenate(turned), sides)
    for name in centred[0]:
        distance = np.concatenate([one[name] for one in centred])
        if name.endswith(sides):
            kind = name[:-2]
            rms = 1e3 * float(np.sqrt((distance**2).mean()))
            yield {"group": "centre", "quantity": f"{kind} centre", "error": rms, "sd": np.nan}
    if found.way in (TODAY, ALL, CLUSTERS):
        yield from _momentum(found, body, q)
    yield {"group": "time", "quantity": "CPU s", "error": found.seconds, "sd": np.nan}


def _lengths(found: Found, body: VirtualBody) -> Iterator[dict[str, object]]:
    truth = _measured(body.skeleton)
    stated = {one.name: one.sd for one in lengths(found.fit)} if found.fit else {}
    for name, length in _measured(found.skeleton).items():
        kind = name.removesuffix("_right").removesuffix("_left").replace("_", " ")
        yield {
            "group": kind if kind.endswith("width") else "length",
            "quantity": kind,
            "error": 1e3 * (length - truth[name]),
            "sd": 1e3 * stated.get(name, np.nan),
        }


def _measured(skeleton: Skeleton) -> dict[str, float]:
    template = places_of(skeleton)
    return joint_distances(template, template.shape())


def _angles(
    found: Found, body: VirtualBody, apart: FloatArray, sides: Sequence[str]
) -> Iterator[dict[str, object]]:
    names = body.skeleton.coordinates
    stated = offset_sds(found.fit) if found.fit else {}
    for index, name in enumerate(names):
        kind = name.removesuffix("_r").removesuffix("_l")
        if kind in ANGLES and (kind == name or name.endswith(tuple(sides))):
            yield {
                "group": "angle",
                "quantity": f"{kind.replace('_angle', '').replace('_', ' ')} offset",
                "error": float(apart[:, index].mean()),
                "sd": stated.get(name, np.nan),
            }


def offset_sds(fit: BodyFit) -> dict[str, float]:
    """Deviation of what a coordinate is off in all moving frames together, degrees."""
    problem = fit.problem
    mean = fit.by_theta[~problem.frames.still].mean(axis=0)
    sds = np.degrees(np.sqrt(((mean @ fit.covariance) * mean).sum(axis=1)))
    names = problem.template.skeleton.coordinates
    return {names[index]: float(sd) for index, sd in zip(problem.free, sds, strict=True)}


def _centre_errors(
    own: Skeleton, true: Skeleton, q: FloatArray, truth: FloatArray
) -> dict[str, FloatArray]:
    """Distances of joint centres in the ground, (T,) each, by joint."""
    mine = segment_poses(own, ordered(own, true, q)).joint_centre
    theirs = segment_poses(true, truth).joint_centre
    return {
        name: np.linalg.norm(mine[:, own.joints.index(name)] - theirs[:, index], axis=1)
        for index, name in enumerate(true.joints)
        if name.startswith(CENTRES)
    }


def _momentum(found: Found, body: VirtualBody, q: FloatArray) -> Iterator[dict[str, object]]:
    """RMS errors of the momentum about the vertical, over the stances of the last run."""
    own, true = found.skeleton, body.skeleton
    order = [true.bodies.index(name) for name in own.bodies]
    weighed = replace(own, mass=true.mass[order], inertia=true.inertia[order])
    foot = body.stance[-1][::EVERY]
    mine = _group_momenta(weighed, ordered(own, true, q), foot)
    theirs = _group_momenta(true, body.q[-1][::EVERY], foot)
    inside = np.flatnonzero(foot)
    inside = inside[(inside >= EDGE) & (inside < len(foot) - EDGE)]
    for name, momentum in theirs.items():
        rms = float(np.sqrt(((mine[name] - momentum)[inside] ** 2).mean()))
        yield {"group": "momentum", "quantity": f"H_y {name}", "error": rms, "sd": np.nan}


def _group_momenta(skeleton: Skeleton, q: FloatArray, foot: FloatArray) -> dict[str, FloatArray]:
    rate = RATE / EVERY
    motion = spline_motion(skeleton, np.arange(len(q)) / rate, low_pass(q, rate, CUTOFF))
    moves = segment_motion(skeleton, segment_kinematics(skeleton, motion.q, motion.u, motion.udot))
    place, speed, _ = centre_of_mass(moves)
    momentum = angular_momentum(moves, place, speed)[..., 1]
    legs = {
        side: momentum[:, [skeleton.bodies.index(f"{name}{side}") for name in LEG]].sum(axis=1)
        for side in ("_r", "_l")
    }
    return {
        "push leg": np.where(foot > 0, legs["_r"], legs["_l"]),
        "swing leg": np.where(foot > 0, legs["_l"], legs["_r"]),
        "total": momentum.sum(axis=1),
    }


def measured(athletes: int, *, write: bool) -> pd.DataFrame:
    """Errors of all cases; athletes of all cases by turns, so that a stopped study is balanced."""
    rows: list[dict[str, object]] = []
    for number in range(athletes):
        for case in CASES:
            seeds = (2 * number, 2 * number + 1) if case is CASES[0] else (number,)
            for seed in seeds:
                body = virtual_body(case, seed)
                ways = (ALL, CLUSTERS, ONE_LEG) if case is CASES[0] else (ALL, CLUSTERS)
                founds = [calibrated(body, way) for way in ways]
                for found in founds:
                    place = {"case": case.name, "seed": seed, "way": found.way}
                    rows += [place | row for row in judged(found, body)]
        if write:
            write_text(RESULT, page(pd.DataFrame(rows)))
        print(f"{number + 1} of {athletes}", flush=True)
    return pd.DataFrame(rows)


def summary(rows: pd.DataFrame) -> dict[str, float]:
    """RMSE, bias, mean stated deviation, z, coverage, and how many, of some errors."""
    error, sd = rows["error"].to_numpy(), rows["sd"].to_numpy()
    z = error / sd
    return {
        "RMSE": float(np.sqrt((error**2).mean())),
        "bias": float(error.mean()),
        "sd": float(sd.mean()),
        "z": float(np.sqrt((z**2).mean())),
        "coverage": float((np.abs(z) < INTERVAL).mean()) if np.isfinite(sd).all() else np.nan,
    }


HEAD = """\
# Bodies against the truth

Written by `python -m benchmarks.body_calibration --athletes {athletes} --write` on {date}, aqbio
{version}. [What is believed](../../docs/body.md).

Virtual athletes whose sizes, hinge axes and skin are not drawn from the calibration's beliefs
({counts}),
motions of the gait library, skin of 16 mm at the thigh that is locked to the step; a static trial
and two runs of a second. *static trial*: the scaling that is the default. *one leg
hidden*: no marker on the left leg (usual athletes only); lengths of both sides, angles and centres
of the right. Lengths and centres in mm, offsets (mean over the runs, from inverse kinematics on the
body) in degrees, H_y (RMS over the stances of the fast run, with the true masses and inertias: what
sizes and posture alone do) in kg m²/s.

A number counts once per athlete and side. Athletes of the same number have the same draws in all
cases but that of the other sex, so that cases compare in pairs. Coverage that is not between 0.92
and 0.98 over all lengths and offsets, or below 0.88 for any, misses its limit. Limits are judged
before numbers are rounded.

Cells: RMSE / bias / mean stated deviation / z (RMS of error by deviation) / coverage of the 95 %
interval. Centres have the distance in the ground, and neither bias nor stated deviation.
"""


def page(rows: pd.DataFrame) -> str:
    """Give the page of results."""
    counts = rows.groupby("case", sort=False)["seed"].nunique()
    head = HEAD.format(
        athletes=counts.iloc[-1],
        date=time.strftime("%Y-%m-%d"),
        version=aqbio.__version__,
        counts="; ".join(f"{name}: {count}" for name, count in counts.items()),
    )
    return "\n".join([head, *_gate_lines(rows), *_case_lines(rows)]) + "\n"


def _gate_lines(rows: pd.DataFrame) -> Iterator[str]:
    """Limits beside what was found, pooled over the quantities of a group."""
    yield "## Limits\n"
    yield "| case | way | lengths, mm | hip width | centres | offsets, ° | coverage, least |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for (case, way), some in rows.groupby(["case", "way"], sort=False):
        if way not in GATES:
            continue
        cells = []
        for group, limit in zip(GATED, GATES[way], strict=True):
            value = summary(some[some["group"] == group])["RMSE"]
            cells.append(f"{value:.1f} of {limit:g}: {_verdict(holds=value <= limit)}")
        stated = some[np.isfinite(some["sd"])]
        pooled = summary(stated)["coverage"]
        least = {name: summary(part)["coverage"] for name, part in stated.groupby("quantity")}
        worst = min(least, key=lambda name: least[name])
        low, high = COVERED
        met = low <= pooled <= high and least[worst] >= LEAST_COVERED
        cells.append(f"{pooled:.2f}, {worst} {least[worst]:.2f}: {_verdict(holds=met)}")
        yield f"| {case} | {way} | " + " | ".join(cells) + " |"


def _verdict(*, holds: bool) -> str:
    return "met" if holds else "**missed**"


def _case_lines(rows: pd.DataFrame) -> Iterator[str]:
    for case, some in rows.groupby("case", sort=False):
        ways = list(dict.fromkeys(some["way"]))
        yield f"\n## {str(case).capitalize()}\n"
        yield "| quantity | " + " | ".join(ways) + " |"
        yield "| --- |" + " --- |" * len(ways)
        for quantity in dict.fromkeys(some["quantity"]):
            cells = [_cell(some[(some["quantity"] == quantity) & (some["way"] == w)]) for w in ways]
            yield f"| {quantity} | " + " | ".join(cells) + " |"


def _cell(rows: pd.DataFrame) -> str:
    if not len(rows):
        return "-"
    found = summary(rows)
    if rows["group"].iloc[0] in ("centre", "momentum", "time"):
        digits = 3 if rows["group"].iloc[0] == "momentum" else 1
        key = "bias" if rows["group"].iloc[0] == "time" else "RMSE"
        return f"{found[key]:.{digits}f}"
    cell = f"{found['RMSE']:.1f} / {found['bias']:+.1f}"
    if np.isfinite(found["coverage"]):
        cell += f" / {found['sd']:.1f} / {found['z']:.2f} / {found['coverage']:.2f}"
    return cell


def main() -> None:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=12, help="of each case; usual: twice")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    print(page(measured(asked.athletes, write=asked.write)))


if __name__ == "__main__":
    main()
