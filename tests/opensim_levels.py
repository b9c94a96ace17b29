"""Levels A, B and C of one instant from OpenSim's API and NumPy: docs/levels.md, written anew.

Of aqbio, only the door that OpenSim comes in by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
import yaml

from aqbio.opensim.session import opensim

BLEND = 0.010
STEP = 1e-6
"""Of differences along the motion, s."""

ROWS = {"C1": [3, 4, 5], "C2": [3, 4, 5, 1], "C3": [3, 4, 5, 0, 1, 2], "C4": [3, 4, 5, 1]}
"""Of rotation x, y, z and translation x, y, z."""


@dataclass(frozen=True)
class Instant:
    """What was measured: coordinates by name, and force and moment about the origin by side."""

    q: dict[str, float]
    u: dict[str, float]
    udot: dict[str, float]
    force: dict[str, np.ndarray]
    moment: dict[str, np.ndarray]
    height: float
    """Of the ground."""


def _matrix(rotation) -> np.ndarray:
    return np.array([[rotation.get(i, j) for j in range(3)] for i in range(3)])


def _each(several) -> list:
    return [several.get(k) for k in range(several.getSize())]


def _child(joint) -> str:
    return joint.getChildFrame().findBaseFrame().getName()


def _coordinates(joint) -> list[str]:
    return [joint.get_coordinates(k).getName() for k in range(joint.numCoordinates())]


class Referee:
    """A model, and what a map says of it. Arrays are by segment, or by the place of a speed."""

    def __init__(self, osim: Path, model_map: Path) -> None:
        self.map = yaml.safe_load(model_map.read_text(encoding="utf-8"))
        self.model = opensim.Model(str(osim))
        self.joints = self.model.getJointSet()
        self.model.updForceSet().clearAndDestroy()
        coordinates = _each(self.model.getCoordinateSet())
        self.locked = [one.getName() for one in coordinates if one.getDefaultLocked()]
        for one in coordinates:
            one.setDefaultLocked(False)
            one.setDefaultClamped(False)
        self.couplers = dict(_couplers(osim))
        self.model.updConstraintSet().clearAndDestroy()
        self.state = self.model.initSystem()
        self.matter = self.model.getMatterSubsystem()
        self.gravity = self.model.getGravity().to_numpy()
        handles = {one.getName(): one for one in _each(self.model.getCoordinateSet())}
        self.slot = {name: self._slot(one) for name, one in handles.items()}
        self.names = sorted(self.slot, key=self.slot.__getitem__)
        self.handles = [handles[name] for name in self.names]
        self.bodies = _each(self.model.getBodySet())
        self.place_of = {one.getName(): place for place, one in enumerate(self.bodies)}
        self.mass = np.array([[one.getMass()] for one in self.bodies])

    def _slot(self, handle) -> int:
        """Place of a coordinate's speed among Simbody's."""
        handle.setSpeedValue(self.state, 1.0)
        place = int(np.argmax(self.state.getU().to_numpy()))
        handle.setSpeedValue(self.state, 0.0)
        return place

    # the motion --------------------------------------------------------------------------------

    def set(self, now: Instant) -> None:
        self.now = now
        self.q, self.u, self.udot = (
            np.array([of[name] for name in self.names]) for of in (now.q, now.u, now.udot)
        )
        later, earlier = (self._velocities(self.q + h * self.u, self.u) for h in (STEP, -STEP))
        self.bias = (later - earlier) / (2.0 * STEP)
        self.omega, self.speed = self._velocities(self.q, self.u)
        places = (x.findStationLocationInGround(self.state, x.getMassCenter()) for x in self.bodies)
        self.places = np.array([one.to_numpy() for one in places])
        self.inertia = np.array([self._inertia(body) for body in self.bodies])
        self.com = self._mean(self.places)

    def _velocities(self, q: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Angular velocity and velocity of the centre of mass of every segment (2, B, 3)."""
        for handle, value, speed in zip(self.handles, q.tolist(), u.tolist(), strict=True):
            handle.setValue(self.state, value, False)
            handle.setSpeedValue(self.state, speed)
        self.model.realizeVelocity(self.state)
        return np.array([
            [x.getVelocityInGround(self.state).get(0).to_numpy() for x in self.bodies],
            [x.findStationVelocityInGround(self.state, x.getMassCenter()).to_numpy()
             for x in self.bodies],
        ])  # fmt: skip

    def _accelerations(self) -> np.ndarray:
        return self._velocities(self.q, self.udot) + self.bias

    def _inertia(self, body) -> np.ndarray:
        moments, turn = body.getInertia(), _matrix(body.getTransformInGround(self.state).R())
        xy, xz, yz = moments.getProducts().to_numpy()
        off = np.array([[0.0, xy, xz], [xy, 0.0, yz], [xz, yz, 0.0]])
        return turn @ (np.diag(moments.getMoments().to_numpy()) + off) @ turn.T

    def _mean(self, values: np.ndarray) -> np.ndarray:
        return (self.mass * values).sum(axis=0) / self.mass.sum()

    def _spin(self, omega: np.ndarray) -> np.ndarray:
        return np.einsum("bij,bj->bi", self.inertia, omega)

    def _about_com(self, omega: np.ndarray, speed: np.ndarray) -> dict[str, np.ndarray]:
        """Of every group about the whole body's centre of mass: momentum of velocities."""
        relative = self.mass * (speed - self._mean(speed))
        own = self._spin(omega) + np.cross(self.places - self.com, relative)
        groups = self.map["groups"].items()
        return {group: sum(own[self.place_of[one]] for one in names) for group, names in groups}

    def jacobian(self, body: str, point: np.ndarray) -> np.ndarray:
        """(6, U) rotation and translation of a point that a segment carries."""
        segment, found = self.bodies[self.place_of[body]], opensim.Matrix()
        transform = segment.getTransformInGround(self.state)
        station = _matrix(transform.R()).T @ (point - transform.p().to_numpy())
        index, place = segment.getMobilizedBodyIndex(), opensim.Vec3(*station.tolist())
        self.matter.calcFrameJacobian(self.state, index, place, found)
        return found.to_numpy()

    # levels ------------------------------------------------------------------------------------

    def momentum(self) -> dict[str, np.ndarray]:
        """Level A: of every group."""
        return self._about_com(self.omega, self.speed)

    def _demands(self) -> tuple[np.ndarray, np.ndarray]:
        """Moment and force that the motion of every segment needs beside its weight."""
        alpha, linear = self._accelerations()
        turning = self._spin(alpha) + np.cross(self.omega, self._spin(self.omega))
        return turning, self.mass * (linear - self.gravity)

    def on_the_pelvis(self) -> dict[str, np.ndarray]:
        """Level B: moment of every chain on the pelvis about its centre of mass."""
        about = self.places[self.place_of[self.map["pelvis"]["body"]]]
        turning, pull = self._demands()
        own = -turning - np.cross(self.places - about, pull)
        for side, foot in self.map["feet"].items():
            force, moment = self.now.force[side], self.now.moment[side]
            own[self.place_of[foot]] += moment - np.cross(about, force)
        groups = self.map["groups"]
        upper = [one for group in ("torso", "arm_left", "arm_right") for one in groups[group]]
        chains = {leg: groups[leg] for leg in ("leg_left", "leg_right")} | {"upper_body": upper}
        return {chain: sum(own[self.place_of[x]] for x in names) for chain, names in chains.items()}

    def caused(self, side: str) -> dict[tuple[str, str], tuple[np.ndarray, dict[str, np.ndarray]]]:
        """Level C: force of the ground and rates of groups by contact model and joint, one foot on
        the ground; what a filter leaks onto the other foot is given."""
        free = [one for one in self.slot if one not in self.locked and one not in self.couplers]
        leads = {one: one for one in free} | {
            one: lead for one, lead in self.couplers.items() if lead in free
        }
        expand = np.zeros((len(self.slot), len(free)))
        for name, lead in leads.items():
            expand[self.slot[name], free.index(lead)] = 1.0
        matrix = opensim.Matrix()
        self.matter.calcM(self.state, matrix)
        mass = expand.T @ matrix.to_numpy() @ expand
        needed = np.zeros(len(self.slot))
        for body, place, *demand in zip(self.bodies, self.places, *self._demands(), strict=True):
            needed += self.jacobian(body.getName(), place).T @ np.concatenate(demand)
        found = {}
        for model, rows in ROWS.items():
            feet = {foot: self._bearing(foot, model) for foot in self.map["feet"]}
            borne = sum(jacobian.T @ wrench for jacobian, wrench in feet.values())
            tau, held = expand.T @ (needed - borne), (feet[side][0] @ expand)[rows]
            reply = np.linalg.solve(mass, held.T)
            for source, names in self._sources():
                alone = np.linalg.solve(mass, np.where(np.isin(free, names), tau, 0.0))
                ground = np.zeros(6)
                ground[rows] = force = -np.linalg.solve(held @ reply, held @ alone)
                moves = self._velocities(self.q, expand @ (alone + reply @ force))
                found[model, source] = ground[3:], self._about_com(*moves)
        return found

    def _bearing(self, side: str, model: str) -> tuple[np.ndarray, np.ndarray]:
        """Jacobian of what bears a foot's load, and the load about its centre of pressure."""
        point, share = self.pressure(side)
        share = 0.0 if model == "C4" else share
        foot, toes = (
            self.map["feet"][side],
            _child(self.joints.get(self.map["joints"]["mtp"][side])),
        )
        bearing = (1.0 - share) * self.jacobian(foot, point) + share * self.jacobian(toes, point)
        force, moment = self.now.force[side], self.now.moment[side]
        return bearing, np.concatenate((moment - np.cross(point, force), force))

    def _sources(self) -> Iterator[tuple[str, list[str]]]:
        """Coordinates of every joint; the ankle's are of all that moves the foot."""
        for joint, sides in self.map["joints"].items():
            for side, name in sides.items():
                own = [self.joints.get(name)]
                if joint == "ankle":
                    own += [x for x in self.joints if _child(x) == self.map["feet"][side]]
                label = joint if side == "centre" else f"{joint}_{side}"
                yield label, [one for each in own for one in _coordinates(each)]

    def pressure(self, side: str) -> tuple[np.ndarray, float]:
        """Centre of pressure on the ground, and what the toes bear of the force."""
        force, moment, height = self.now.force[side], self.now.moment[side], self.now.height
        if force[1] < 20.0:
            return np.zeros(3), 0.0
        x = (moment[2] + height * force[0]) / force[1]
        z = (height * force[2] - moment[0]) / force[1]
        point = np.array([x, height, z])
        joint = self.joints.get(self.map["joints"]["mtp"][side])
        centre = joint.getChildFrame().getPositionInGround(self.state).to_numpy()
        toes = self.jacobian(_child(joint), centre)[:3]
        axis = next(toes[:, self.slot[x]] for x in _coordinates(joint) if x not in self.locked)
        ahead = np.cross(axis, [0.0, 1.0, 0.0])
        ahead /= np.linalg.norm(ahead)
        heel = self.bodies[self.place_of[self.map["feet"][side]]].getPositionInGround(self.state)
        ahead *= np.sign(ahead @ (centre - heel.to_numpy()))
        share = np.clip(0.5 * ((point - centre) @ ahead / BLEND + 1.0), 0.0, 1.0)
        return point, float(share**2 * (3.0 - 2.0 * share))


def _couplers(osim: Path) -> Iterator[tuple[str, str]]:
    """Dependent to independent coordinate: in these models the function is the identity."""
    for constraint in _each(opensim.Model(str(osim)).getConstraintSet()):
        one = opensim.CoordinateCouplerConstraint.safeDownCast(constraint)
        if one is not None:
            assert all(one.getFunction().calcValue(opensim.Vector(1, x)) == x for x in (0.2, 1.1))
            yield one.getDependentCoordinateName(), one.getIndependentCoordinateNames().get(0)


# whole trials ------------------------------------------------------------------------------------

INSTANTS = (0.2, 0.4, 0.6, 0.8)
"""Of every contact."""

LIMITS = {"momentum": 1e-6, "hub": 1e-4, "caused rate": 2e-3, "caused force": 4e-3}
"""kg m²/s, N m, N m and N: what files are rounded to, once (`precision` of the dictionary)."""


def instants(folder: Path, trial: str) -> Iterator[tuple[int, str, Instant]]:
    """Four instants of every contact: index of the frame, side, and what was measured."""
    with xr.open_dataset(folder / "consistent" / f"{trial}.nc") as opened:
        data = opened.load()
    names, feet = (data[name].values.astype(str).tolist() for name in ("coordinate", "foot"))
    time, height = data["time"].values, float(data.attrs["surface_height"])
    for contact in range(data.sizes["contact"]):
        start, stop = (float(data[f"contact_{one}"][contact]) for one in ("touchdown", "toe_off"))
        for share in INSTANTS:
            frame = int(np.abs(time - start - share * (stop - start)).argmin())
            told = {
                variable.removeprefix("foot_"): dict(
                    zip(keys, data[variable].values[frame], strict=True)
                )
                for keys, of in ((names, ("q", "u", "udot")), (feet, ("foot_force", "foot_moment")))
                for variable in of
            }
            yield frame, str(data["contact_foot"].values[contact]), Instant(**told, height=height)


def hold_against(folder: Path, trial: str, model_map: Path) -> None:
    """Hold the levels of a fitted trial in a participant's folder against OpenSim's."""
    referee = Referee(next((folder / "consistent").glob("*.osim")), model_map)
    with xr.open_dataset(folder / "contributions" / f"{trial}.nc") as opened:
        data = opened.load()
    cos, sin = (turn(float(data.attrs["heading"])) for turn in (np.cos, np.sin))
    turn = np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
    worst = dict.fromkeys(LIMITS, 0.0)

    def compare(what: str, ours: xr.DataArray, theirs: np.ndarray) -> None:
        worst[what] = max(worst[what], float(np.abs(ours.values - turn @ theirs).max()))

    checked, borne = 0, 0.0
    for frame, side, now in instants(folder, trial):
        product = data.isel(time=frame)
        if not bool(product["foot_held"].sel(foot=side)):
            continue
        checked += 1
        referee.set(now)
        borne = max(borne, referee.pressure(side)[1])
        for group, value in referee.momentum().items():
            compare("momentum", product["group_angular_momentum"].sel(group=group), value)
        hub = product["hub_moment"] + product["hub_force_moment"]
        for chain, value in referee.on_the_pelvis().items():
            compare("hub", hub.sel(chain=chain), value)
        for (model, source), (force, rates) in referee.caused(side).items():
            own = product.sel(contact_model=model, source=source)
            compare("caused force", own["induced_ground_force"].sel(foot=side), force)
            for group, rate in rates.items():
                compare("caused rate", own["induced_momentum_rate"].sel(group=group), rate)
    assert checked >= 4 * len(INSTANTS) - 2
    assert borne > 0.9  # else C4 and C2 would be alike
    assert set(ROWS) == {str(one) for one in data["contact_model"].values}
    for what, found in worst.items():
        assert found < LIMITS[what], worst
