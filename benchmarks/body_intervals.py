"""Whether intervals hold other bodies: ``python -m benchmarks.body_intervals --write``.

Virtual athletes of `validation.bodies`, calibrated from their recordings; the posterior of
the body moves sizes, markers and, through inverse kinematics, the motion. Masses are the truth's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd

import aqbio
from aqbio.io.atomic import write_text
from aqbio.mechanics.contributions.chains import pelvis_hub
from aqbio.mechanics.gait.groups import membership
from aqbio.mechanics.intervals.drawn_bodies import BodySpread, about_model, drawn_bodies
from aqbio.mechanics.intervals.inertia_draws import twins
from aqbio.mechanics.intervals.sources import Motions, motion_states
from aqbio.mechanics.intervals.uncertainty import (
    DrawnOutcomes,
    Parts,
    joined_outcomes,
    state_outcomes,
)
from aqbio.mechanics.multibody.dynamics import ExternalLoad, joint_wrenches
from aqbio.mechanics.multibody.kinematics import segment_kinematics
from aqbio.mechanics.multibody.motion import spline_motion
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.recordings.filters import low_pass
from aqbio.mechanics.vectors import FloatArray
from benchmarks.body_calibration import calibrated
from benchmarks.body_outcomes import ANATOMY, CUTOFF, EDGE, EVERY, Found
from validation.bodies import (
    CASES,
    CLUSTERS_ALONE,
    FULL,
    RATE,
    VirtualBody,
    measured_places,
    virtual_body,
)

RESULT = Path(__file__).parent / "results" / "body_intervals.md"
ROWS = Path("body_interval_rows.tsv")
DRAWS, FRAMES, MARKER_SD, NORMAL_95 = 48, 5, 0.006, 1.959964
OUTCOMES = ("momentum", "rate", "joint_moment")


def motions(skeletons: Sequence[Skeleton], coordinates: Sequence[FloatArray]) -> Motions:
    """Low-passed motions with speeds and accelerations."""
    rate, found = RATE / EVERY, []
    for skeleton, q in zip(skeletons, coordinates, strict=True):
        found.append(spline_motion(skeleton, np.arange(len(q)) / rate, low_pass(q, rate, CUTOFF)))
    each = (np.stack([getattr(one, name) for one in found]) for name in ("q", "u", "udot"))
    return Motions(tuple(skeletons), *each)


def outcomes_of(moved: Motions, load: ExternalLoad, parts: Parts) -> DrawnOutcomes:
    """Levels A and B of motions under one load."""
    every = [state_outcomes(one, parts) for one in motion_states("body", moved, [load])]
    return joined_outcomes(every)


def stances(foot: FloatArray) -> Iterator[tuple[str, slice]]:
    """Whole stances away from the ends: side, and some frames of each."""
    edges = np.flatnonzero(np.diff(foot)) + 1
    for first, last in pairwise(edges):
        if foot[first] and first >= EDGE and last < len(foot) - EDGE:
            side = "r" if foot[first] > 0 else "l"
            yield side, slice(first, last, max(1, (last - first) // FRAMES))


def ground_load(truth: Motions, frames: slice, side: str) -> ExternalLoad:
    """What the ground must exert on a foot for the true motion."""
    one, skeleton = truth.frames(frames), truth.skeletons[0]
    moves = segment_kinematics(skeleton, one.q[0], one.u[0], one.udot[0])
    wrench = joint_wrenches(skeleton, moves)
    return ExternalLoad(
        f"foot_{side}", wrench.force[:, 0], wrench.moment[:, 0], moves.joint_centre[:, 0]
    )


def parts_of(skeleton: Skeleton) -> Parts:
    """Groups, chains and joints of the sprint model."""
    return Parts(
        groups=membership(ANATOMY.groups, skeleton.bodies),
        hub=pelvis_hub(skeleton, ANATOMY.groups),
        joints=np.array([skeleton.joints.index(joint) for joint in ANATOMY.joints.values()]),
        twin=twins(skeleton.bodies, ANATOMY.groups),
    )


def weighed(skeleton: Skeleton, true: Skeleton) -> Skeleton:
    """A body the true masses."""
    order = [true.bodies.index(name) for name in skeleton.bodies]
    return replace(skeleton, mass=true.mass[order], inertia=true.inertia[order])


def spreads(found: Found, own: Skeleton) -> dict[str, BodySpread]:
    """What may be drawn of a calibrated body, from what intervals held before to all they hold."""
    assert found.fit is not None
    template, priors = measured_places(own), found.fit.problem.priors
    rigid = np.zeros(len(own.markers))
    shape = found.fit.problem.template.shape(found.fit.state.theta[: sum(template.sizes)])
    posterior = about_model(found.fit.shape_covariance, template, shape.offset)
    places = np.repeat([0.0, MARKER_SD, 0.0, 0.0], template.sizes)
    return {
        "markers 6 mm off": BodySpread(template, np.diag(places**2), rigid, 0.0),
        "posterior": BodySpread(template, posterior, rigid, 0.0),
        "posterior and skin": BodySpread(template, posterior, priors.skin_sd, priors.common),
    }


def judged(found: Found, body: VirtualBody) -> Iterator[dict[str, object]]:
    """Stance means of the last run: errors, and the ends of intervals about the estimates."""
    own, true = weighed(found.skeleton, body.skeleton), body.skeleton
    order = [true.coordinates.index(name) for name in own.coordinates]
    q, weight = found.q[-1][:, order], np.ones(len(own.markers))
    foot, clock = body.stance[-1][::EVERY], np.arange(len(q)) * EVERY / RATE
    truth = motions((true,), (body.q[-1][::EVERY],))
    for name, spread in spreads(found, own).items():
        drawn = drawn_bodies(spread, clock, q, weight, (DRAWS, DRAWS), np.random.default_rng(1))
        bodies = [weighed(one, own) for one in drawn.skeletons]
        moved = motions((own, *bodies), (q, *(q + drawn.by_shape + drawn.by_skin)))
        for side, frames in stances(foot):
            load = ground_load(truth, frames, side)
            mine = outcomes_of(moved.frames(frames), load, parts_of(own))
            theirs = outcomes_of(truth.frames(frames), load, parts_of(true))
            for outcome in OUTCOMES:
                values = getattr(mine, outcome).mean(axis=1)
                right = getattr(theirs, outcome).mean(axis=1)[0]
                yield from ({"drawn": name} | row for row in _rows(outcome, values - right))


def _rows(outcome: str, off: FloatArray) -> Iterator[dict[str, object]]:
    """Error and ends of the interval of every part and axis, less the truth."""
    half = NORMAL_95 * off[1:].std(axis=0, ddof=1)
    low, high = off[0] - half, off[0] + half
    names = ANATOMY.joints if outcome == "joint_moment" else ANATOMY.groups
    for (item, name), axis in product(enumerate(names), range(3)):
        at = (item, axis)
        yield {
            "outcome": outcome,
            "item": name,
            "axis": "xyz"[axis],
            "error": abs(float(off[0][at])),
            "inside": bool(low[at] <= 0.0 <= high[at]),
            "width": float(high[at] - low[at]),
        }


def measured(athletes: int, file: Path) -> pd.DataFrame:
    """Intervals of so many athletes of each case; what the file holds is not done again."""
    done = pd.read_csv(file, sep="\t") if file.is_file() else pd.DataFrame({"seed": []})
    for seed in set(range(athletes * len(CASES))) - set(done["seed"]):
        case = CASES[seed % len(CASES)]
        body = virtual_body(case, seed)
        rows = [
            {"case": case.name, "seed": seed, "way": way.name, **row}
            for way in (FULL, CLUSTERS_ALONE)
            for row in judged(calibrated(body, way), body)
        ]
        pd.DataFrame(rows).to_csv(file, sep="\t", mode="a", index=False, header=not file.is_file())
    rows = pd.read_csv(file, sep="\t")
    return rows[rows["seed"] < athletes * len(CASES)]


HEAD = """\
# Intervals of other bodies

Written by `python -m benchmarks.body_intervals --athletes {athletes} --write` on {date}, aqbio
{version}. [What is drawn](../../docs/levels.md).

Share of stance means inside their 95 % interval, median width, and median error. Virtual athletes
whose bodies and skin are not drawn from what is believed ([their cases](body_calibration.md),
{athletes} each), the last run, inverse kinematics on the calibrated body, every whole stance; true
masses and ground forces, so that only the body's shape and the skin make errors. All parts (group
momentum in kg m²/s and its rate in N m) and joints (moments, N m) together; y is vertical.
*markers 6 mm off* is what intervals held before.
"""


def page(rows: pd.DataFrame, athletes: int) -> str:
    """The page of results."""
    date, version = time.strftime("%Y-%m-%d"), aqbio.__version__
    lines = [HEAD.format(athletes=athletes, date=date, version=version)]
    vertical = rows[(rows["outcome"] == "momentum") & (rows["axis"] == "y")]
    told = {"H_y": vertical} | {one: rows[rows["outcome"] == one] for one in OUTCOMES}
    lines.append("| case | way | drawn | " + " | ".join(n.replace("_", " ") for n in told) + " |")
    lines.append("|" + " --- |" * (3 + len(told)))
    keys = ["case", "way", "drawn"]
    cells = {name: some.groupby(keys, sort=False).apply(_cell) for name, some in told.items()}
    for key in cells["H_y"].index:
        line = " | ".join(cells[name][key] for name in told)
        lines.append(f"| {' | '.join(key)} | {line} |")
    return "\n".join(lines) + "\n"


def _cell(rows: pd.DataFrame) -> str:
    inside, width, error = rows["inside"].mean(), rows["width"].median(), rows["error"].median()
    return f"{inside:.2f} / {width:.3g} / {error:.2g}"


def main() -> None:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=2, help="of each case")
    parser.add_argument("--rows", type=Path, default=ROWS, help="where rows are kept")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    text = page(measured(asked.athletes, asked.rows), asked.athletes)
    print(text)
    if asked.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
