"""One sweep of the gait generator: from joint motion to an exact motion, and back to the legs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from aqbio.vectors import FloatArray
from aqbio.virtual.athlete import athlete_skeleton
from aqbio.virtual.gait import ROOT, FourierCurves, rotation
from validation.gaits import collocation, orientation
from validation.gaits.horizontal import (
    HorizontalProblem,
    StanceForces,
    inverse_operator,
    pulse,
    vertical_motion,
)
from validation.gaits.legs import LegFit, stance_foot, stance_leg
from validation.gaits.parameters import REFERENCE_MASS, GaitDesign
from validation.gaits.relative import RelativeMotion, relative_motion
from validation.gaits.upper_body import PELVIS, upper_body

STANCE_NODES = 29
FLIGHT_NODES = 36

MOMENT_SCALE, FORWARD_SCALE, SIDEWAYS_SCALE, BUMP_SCALE = 8.0, 120.0, 80.0, 0.012
"""Free moment (N m), forward and sideways force (N) and bumps (rad) that count alike."""

MIRROR = np.array([1.0, -1.0, -1.0])
"""Tilt, list and rotation seen in the mirror."""
RELAXATION = 0.6
"""Share of the foot's wrong heading that the hip's rotation corrects in a sweep."""


@dataclass(frozen=True, eq=False)
class Joints:
    """Results of the legs for the next sweep."""

    series: FloatArray
    """(C - 6, 2 K + 1) array, rad. Fourier coefficients of all coordinates but the pelvis's."""
    hip_rotation: FloatArray
    """(N, n) array, rad. Of the stance leg, at the nodes."""
    ball_across: FloatArray
    """(N, n) array, m. Middle of the ball beside the line of running, seen as a right foot."""
    reach: float
    """Longest leg, share of its full length."""


@dataclass(frozen=True, eq=False)
class Root:
    """Pelvis and centre of mass."""

    stance: FloatArray
    flight: FloatArray
    com: FloatArray
    """stance, flight, com: (N, ., 3) arrays. Chebyshev coefficients, as in
    `aqbio.virtual.gait.Gait`."""
    angles: FloatArray
    pelvis: FloatArray
    """angles, pelvis: (N, n, 3) arrays, rad and m. At the nodes of the contacts; the pelvis from
    the place of each contact."""
    bumps: FloatArray
    """(N, 6, 3) array, rad."""
    forces: StanceForces


class Sweep:
    """Everything about a design that no sweep changes, and the two halves of a sweep."""

    def __init__(self, design: GaitDesign) -> None:
        self.design = design
        line = design.timeline
        self.steps = len(line)
        self.skeleton = athlete_skeleton(design.athlete)
        self.s = collocation.nodes(STANCE_NODES)
        self.side = line.side
        self.legs_fit = LegFit(design, self.s)
        self.foot = stance_foot(design.values, design.athlete.lengths, self.s)
        shapes = [
            pulse(early, broad)
            for early, broad in zip(design.values["early"], design.values["broad"], strict=True)
        ]
        self.vertical = vertical_motion(line, shapes, design.athlete.mass, self.s)
        curves, names = upper_body(
            design.values, line, self.legs_fit.harmonics, design.arm_asymmetry
        )
        count = len(names) - len(PELVIS)
        self.wanted = FourierCurves(line.period, curves.coefficients[count:])
        self.upper = curves.coefficients[:count]
        coordinates = self.skeleton.coordinates
        self.upper_rows = [coordinates.index(name) - ROOT for name in names[:count]]
        self.leg_rows = {
            (name, side): coordinates.index(f"{name}_{side}") - ROOT
            for name in self.legs_fit.names
            for side in "rl"
        }
        begin = line.touchdown[:-1, None]
        stance = begin + line.contact[:, None] * self.s
        flight = (begin + line.contact[:, None]) + line.flight[:, None] * collocation.nodes(
            FLIGHT_NODES
        )
        self.stance_times, self.flight_times = stance.ravel(), flight.ravel()

    def first_joints(self) -> Joints:
        """Legs for a pelvis that moves as wanted, at constant speed and height."""
        line, values = self.design.timeline, self.design.values
        count = (self.steps, STANCE_NODES)
        angles = self.wanted.values(self.stance_times)[0].reshape(*count, 3)
        pelvis = np.zeros((*count, 3))
        middle = self.s - 0.5
        pelvis[..., 0] = line.speed * line.contact[:, None] * middle - 0.02
        pelvis[..., 1] = values["hip_height_m"][:, None] * self.design.leg_ratio
        return self._joints(angles, pelvis, np.zeros(count))

    def next_joints(self, joints: Joints, root: Root) -> Joints:
        """Legs that put the stance foot on its path under a given pelvis."""
        return self._joints(root.angles, root.pelvis, joints.hip_rotation)

    def root(self, joints: Joints, bumps: FloatArray, *, shape: int) -> Root:
        """Pelvis and centre of mass that obey Newton and Euler with given joints."""
        line = self.design.timeline
        stance, flight = self._relative(joints.series)
        angles, rates = self._flight(flight)
        ends = orientation.stance_ends(angles, rates, line.flight, line.contact)
        problem = self._horizontal(joints, stance)
        for _ in range(shape):
            bumps = self._shaped(problem, stance, ends, bumps)
        series = ends + np.einsum("Nbd,bm->Nmd", bumps, orientation.stance_basis()[1])
        turned = self._stance_angles(series)
        forces = problem.solved(self._rate(turned, stance))
        com = np.stack((forces.along, problem.height, forces.across), axis=-1)
        arm = rotation(turned[0]) @ stance.com[..., None]
        return Root(
            stance=series,
            flight=collocation.coefficients_of(angles),
            com=collocation.coefficients_of(com),
            angles=turned[0],
            pelvis=com - arm[..., 0],
            bumps=bumps,
            forces=forces,
        )

    def _joints(self, angles: FloatArray, pelvis: FloatArray, hip_rotation: FloatArray) -> Joints:
        mirror = np.where(self.side[:, None, None] > 0, 1.0, MIRROR)
        flip = np.ones((self.steps, 1, 3))
        flip[..., 2] = self.side[:, None]
        lengths = self.design.athlete.lengths
        leg = stance_leg(self.foot, angles * mirror, pelvis * flip, hip_rotation, lengths)
        series = np.zeros((len(self.skeleton.coordinates) - ROOT, self.upper.shape[1]))
        series[self.upper_rows] = self.upper
        for (name, side), row in self.leg_rows.items():
            series[row] = self.legs_fit.series(name, side, leg.angles[name])
        toe_out = -np.radians(self.design.values["toe_out_deg"])[:, None]
        turn = hip_rotation - RELAXATION * (leg.heading - toe_out)
        quintic = chebyshev.chebvander(2.0 * self.s - 1.0, 5)
        smooth = np.linalg.lstsq(quintic, leg.ball_across.T, rcond=None)[0]
        return Joints(series, np.clip(turn, -0.6, 0.6), (quintic @ smooth).T, leg.reach)

    def _relative(self, series: FloatArray) -> tuple[RelativeMotion, RelativeMotion]:
        """Body in pelvis axes at the nodes of contacts and flights."""
        curves = FourierCurves(self.design.timeline.period, series)
        times = np.concatenate((self.stance_times, self.flight_times))
        parts = [np.pad(part, ((0, 0), (ROOT, 0))) for part in curves.values(times)]
        body = relative_motion(self.skeleton, *parts)
        count = len(self.stance_times)
        return (
            body.part(slice(0, count), (self.steps, STANCE_NODES)),
            body.part(slice(count, None), (self.steps, FLIGHT_NODES)),
        )

    def _flight(self, body: RelativeMotion) -> tuple[FloatArray, FloatArray]:
        """Angles of the pelvis in flight and their rates."""
        line, design = self.design.timeline, self.design
        shape = (self.steps, FLIGHT_NODES, 3)
        angles, rates, _ = (part.reshape(shape) for part in self.wanted.values(self.flight_times))
        momentum = orientation.angular_momentum(angles, rates, body)
        mean = np.einsum("n,Nnd->Nd", collocation.weights(FLIGHT_NODES), momentum)
        offset = np.stack([design.values[f"momentum_{axis}"] for axis in "xyz"], axis=-1)
        offset[self.side < 0, :2] *= -1.0
        offset *= design.athlete.mass / REFERENCE_MASS * design.leg_ratio**1.5
        start = angles[:, 0]
        rates = orientation.flight_rates(start, mean + offset, body, line.flight)
        sums = line.flight[:, None, None] * collocation.integration(FLIGHT_NODES)
        return start[:, None] + sums @ rates, rates

    def _horizontal(self, joints: Joints, body: RelativeMotion) -> HorizontalProblem:
        design, line = self.design, self.design.timeline
        values = design.values
        roll = self.s**2 * (3.0 - 2.0 * self.s)
        start, end = values["cop_start_m"][:, None], values["cop_end_m"][:, None]
        along = (start + (end - start) * roll) * design.leg_ratio
        angles = self.wanted.values(self.stance_times)[0].reshape(self.steps, STANCE_NODES, 3)
        above = (rotation(angles) @ body.com[..., None])[..., 1, 0]
        share = collocation.weights(STANCE_NODES)
        hip = values["hip_height_m"] * design.leg_ratio
        level = float(np.mean(hip + (above - self.vertical.height) @ share))
        height = self.vertical.height + level
        mass = design.athlete.mass
        return HorizontalProblem(
            timeline=line,
            mass=mass,
            drag=design.drag,
            force=self.vertical.force,
            height=height,
            cop_along=along,
            cop_across=joints.ball_across * self.side[:, None],
            inverse=inverse_operator(line, self.vertical.force, height, mass),
        )

    def _stance_angles(self, series: FloatArray) -> list[FloatArray]:
        """Angles and two derivatives at the nodes of the contacts."""
        width = self.design.timeline.contact[:, None, None]
        derivatives = []
        for order in range(3):
            slopes = chebyshev.chebder(np.eye(series.shape[-2]), m=order) if order else None
            basis = chebyshev.chebvander(2.0 * self.s - 1.0, series.shape[-2] - 1 - order)
            table = basis if slopes is None else basis @ slopes
            derivatives.append((table @ series) * (2.0 / width) ** order)
        return derivatives

    def _rate(self, turned: list[FloatArray], body: RelativeMotion) -> FloatArray:
        """Rate of the angular momentum; both ends belong to flights, where it is zero."""
        rate = orientation.angular_momentum_rate(turned[0], turned[1], turned[2], body)
        rate[..., [0, -1], :] = 0.0
        return rate

    def _shaped(
        self, problem: HorizontalProblem, body: RelativeMotion, ends: FloatArray, bumps: FloatArray
    ) -> FloatArray:
        """One Gauss-Newton step towards moderate forces and free moments."""
        basis = orientation.stance_basis()[1]
        count = orientation.BUMPS * 3
        turned = self._stance_angles(ends + np.einsum("Nbd,bm->Nmd", bumps, basis))
        rate = self._rate(turned, body)
        now = problem.solved(rate)
        nudge = 1e-5
        unit = nudge * np.eye(count).reshape(count, 1, orientation.BUMPS, 3)
        extra = np.einsum("BNbd,bm->BNmd", np.repeat(unit, self.steps, axis=1), basis)
        moved = [a + b for a, b in zip(turned, self._stance_angles(extra), strict=True)]
        slopes = (self._rate(moved, body) - rate) / nudge
        residual, scales = self._wishes(problem, now)
        table = [
            (part / scale).transpose(2, 3, 1, 0).reshape(-1, self.steps * count)
            for part, scale in zip(problem.slopes(slopes, now), scales, strict=True)
        ]
        table.append(np.eye(self.steps * count) / BUMP_SCALE)
        right = [part.ravel() for part in residual] + [bumps.ravel() / BUMP_SCALE]
        jacobian = np.vstack(table)
        square = jacobian.T @ jacobian  # the bumps' own rows keep it well conditioned
        step = np.linalg.solve(square, jacobian.T @ np.concatenate(right))
        return bumps - step.reshape(bumps.shape)

    def _wishes(
        self, problem: HorizontalProblem, now: StanceForces
    ) -> tuple[list[FloatArray], list[FloatArray]]:
        """Errors of forward force, sideways force and free moment, and the sizes that count."""
        design, values = self.design, self.design.values
        mass = design.athlete.mass / REFERENCE_MASS
        weight = 1.0 / np.sqrt(np.gradient(self.s))
        wave = np.sin(2.0 * np.pi * self.s)
        moment = (values["free_moment_nm"] * self.side)[:, None] * wave * mass * design.leg_ratio
        forward = problem.force * values["braking"][:, None] * (2.0 * self.s - 1.0)
        scales = [
            FORWARD_SCALE * mass * weight,
            SIDEWAYS_SCALE * mass * weight,
            MOMENT_SCALE * mass * design.leg_ratio * weight,
        ]
        missed = [now.force[..., 0] - forward, now.force[..., 2], now.free_moment - moment]
        return [part / scale for part, scale in zip(missed, scales, strict=True)], scales
