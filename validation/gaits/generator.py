"""The gait generator: motion and ground reaction forces that obey Newton and Euler exactly.

Prescribed are speed, durations, vertical force, centre of pressure, the path of the stance foot,
angles of the swing leg, arms and trunk. Solved for are the pelvis's orientation, the centre of
mass and the rest of the ground reaction. A sweep (1) takes the joints' motion as given, (2) lets
the pelvis turn in flight as constant angular momentum demands, (3) joins the flights by contacts,
shaped so that horizontal forces and the free moment are moderate, (4) solves for the horizontal
motion, and (5) puts the stance foot on its path again. Every sweep ends with an exact motion; the
sweeps only reduce the slip of the foot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.virtual.gait import Gait
from validation.gaits.horizontal import StanceForces
from validation.gaits.legs import StanceFoot
from validation.gaits.orientation import BUMPS
from validation.gaits.parameters import GaitDesign
from validation.gaits.sweep import Sweep

SETTLED = 1e-6
"""Change of the joints' coefficients that ends the sweeps, rad."""

REACH_KNOWN = 2
"""Sweeps after which the reach of the legs changes by less than a thousandth of their length."""


@dataclass(frozen=True, eq=False)
class SolvedGait:
    """A gait and how it came about."""

    gait: Gait
    forces: StanceForces
    """At the nodes of the contacts."""
    foot: StanceFoot
    """Where the stance foot should be, seen as a right one."""
    reach: float
    """Longest leg in a contact, share of its full length."""
    change: float
    """Change of the joints' coefficients in the last sweep, rad."""


def generated_gait(design: GaitDesign, *, sweeps: int = 14, longest: float = np.inf) -> SolvedGait:
    """Solve a gait."""
    sweep = Sweep(design)
    joints = sweep.first_joints()
    root = sweep.root(joints, np.zeros((sweep.steps, BUMPS, 3)), shape=0)
    change = np.inf
    for number in range(1, sweeps + 1):
        after = sweep.next_joints(joints, root)
        change = float(np.abs(after.series - joints.series).max())
        joints = after
        if number >= REACH_KNOWN and joints.reach > longest:
            raise ValueError(f"a leg reaches {joints.reach:.4f} of its length.")
        root = sweep.root(joints, root.bumps, shape=2)
        if change < SETTLED:
            break
    # joints that single precision can hold are stored without loss; the rest follows exactly
    single = joints.series.astype(np.float32).astype(np.float64)
    joints = replace(joints, series=single)
    root = sweep.root(joints, root.bumps, shape=0)
    gait = Gait(
        athlete=design.athlete,
        timeline=design.timeline,
        joints=joints.series,
        stance=root.stance,
        flight=root.flight,
        com=root.com,
        drag=design.drag,
    )
    return SolvedGait(gait, root.forces, sweep.foot, joints.reach, change)
