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
    """Measurements of one frame: coordinates by name, force and moment about the origin by side."""

    q: dict[str, float]
    u: dict[str, float]
    udot: dict[str, float]
    force: dict[str, np.ndarray]
    moment: dict[str, np.ndarray]
    height: float
    """Of the ground."""


def _child(joint) -> str:
    return joint.getChildFrame().findBaseFrame().getName()


def _array(vector) -> np.ndarray:
    return np.array([vector.get(0), vector.get(1), vector.get(2)])


class Referee:
    """Levels A to C by OpenSim, of a model and its map."""

    def __init__(self, osim: Path, model_map: Path) -> None:
        self.map = yaml.safe_load(model_map.read_text(encoding="utf-8"))
        self.model = opensim.Model(str(osim))
        self.model.updForceSet().clearAndDestroy()
        coordinates = self.model.getCoordinateSet()
        coordinate_set = [coordinates.get(k) for k in range(coordinates.getSize())]
        self.locked = [
            coordinate.getName() for coordinate in coordinate_set if coordinate.getDefaultLocked()
        ]
        for coordinate in coordinate_set:
            coordinate.setDefaultLocked(False)
            coordinate.setDefaultClamped(False)
        self.model.updConstraintSet().clearAndDestroy()
        self.couplers = self._couplers(osim)
        self.state = self.model.initSystem()
        self.matter = self.model.getMatterSubsystem()
        gravity = self.model.getGravity()
        self.gravity = np.array([gravity.get(axis) for axis in range(3)])
        self.handles = {
            handle.getName(): handle for handle in map(self._coordinate, range(len(coordinate_set)))
        }
        self.slot = {name: self._slot(handle) for name, handle in self.handles.items()}
        bodies = self.model.getBodySet()
        self.bodies = {bodies.get(k).getName(): bodies.get(k) for k in range(bodies.getSize())}

    def _coordinate(self, index: int):
        return self.model.getCoordinateSet().get(index)

    @staticmethod
    def _couplers(osim: Path) -> dict[str, str]:
        """Dependent to independent coordinate: in these models the function is the identity."""
        model = opensim.Model(str(osim))
        independent_of = {}
        for k in range(model.getConstraintSet().getSize()):
            coupler = opensim.CoordinateCouplerConstraint.safeDownCast(
                model.getConstraintSet().get(k)
            )
            if coupler is not None:
                names = coupler.getIndependentCoordinateNames()
                function = coupler.getFunction()
                for value in (0.2, 1.1):
                    assert function.calcValue(opensim.Vector(1, value)) == value
                independent_of[coupler.getDependentCoordinateName()] = names.get(0)
        return independent_of

    def _slot(self, handle) -> int:
        """Index of a coordinate's speed among Simbody's."""
        handle.setSpeedValue(self.state, 1.0)
        index = int(np.argmax([self.state.getU().get(k) for k in range(self.state.getNU())]))
        handle.setSpeedValue(self.state, 0.0)
        return index

    # the motion --------------------------------------------------------------------------------

    def set(self, now: Instant) -> None:
        self.now = now
        self._ordered = sorted(self.slot, key=self.slot.__getitem__)
        u = np.array([now.u[name] for name in self._ordered])
        later, earlier = (self._velocities(self._at(step), u) for step in (STEP, -STEP))
        self.bias = {
            name: tuple(
                (a - b) / (2.0 * STEP) for a, b in zip(later[name], earlier[name], strict=True)
            )
            for name in self.bodies
        }
        self.centres = {
            name: _array(body.findStationLocationInGround(self.state, body.getMassCenter()))
            for name, body in self.bodies.items()
        }
        self.masses = {name: body.getMass() for name, body in self.bodies.items()}
        self.turns = {
            name: _matrix(body.getTransformInGround(self.state).R())
            for name, body in self.bodies.items()
        }
        self.omega = {
            name: _array(body.getVelocityInGround(self.state).get(0))
            for name, body in self.bodies.items()
        }
        self.speed = {
            name: _array(body.findStationVelocityInGround(self.state, body.getMassCenter()))
            for name, body in self.bodies.items()
        }
        self.inertia = {name: self._inertia(name) for name in self.bodies}
        self.com = _weighted(self.centres, self.masses)
        self.com_speed = _weighted(self.speed, self.masses)

    def _inertia(self, name: str) -> np.ndarray:
        moments = self.bodies[name].getInertia()
        (xx, yy, zz), (xy, xz, yz) = _array(moments.getMoments()), _array(moments.getProducts())
        in_segment_axes = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        return self.turns[name] @ in_segment_axes @ self.turns[name].T

    def accelerations(self, udot: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Angular acceleration and acceleration of the centre of mass of every segment."""
        along = self._velocities(self._at(0.0), udot)
        return {
            name: tuple(
                linear_part + bias
                for linear_part, bias in zip(along[name], self.bias[name], strict=True)
            )
            for name in self.bodies
        }

    def _at(self, step: float) -> np.ndarray:
        """Coordinates a moment later, in the order of the speeds."""
        q = np.zeros(len(self.slot))
        for name, index in self.slot.items():
            q[index] = self.now.q[name] + step * self.now.u[name]
        return q

    def _velocities(self, q: np.ndarray, u: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Angular velocity and velocity of the centre of mass; the state is left as it was."""
        self._set_state(q, u)
        velocities = {
            name: (
                _array(body.getVelocityInGround(self.state).get(0)),
                _array(body.findStationVelocityInGround(self.state, body.getMassCenter())),
            )
            for name, body in self.bodies.items()
        }
        self._set_state(self._at(0.0), np.array([self.now.u[name] for name in self._ordered]))
        return velocities

    def _set_state(self, q: np.ndarray, u: np.ndarray) -> None:
        for name, handle in self.handles.items():
            handle.setValue(self.state, float(q[self.slot[name]]), False)
            handle.setSpeedValue(self.state, float(u[self.slot[name]]))
        self.model.realizeVelocity(self.state)

    def jacobian(self, body: str, point: np.ndarray) -> np.ndarray:
        """(6, U) rotation and translation of a point that a segment carries."""
        segment = self.bodies[body]
        transform = segment.getTransformInGround(self.state)
        station = _matrix(transform.R()).T @ (point - _array(transform.p()))
        matrix = opensim.Matrix()
        station_vector = opensim.Vec3(*station.tolist())
        self.matter.calcFrameJacobian(
            self.state, segment.getMobilizedBodyIndex(), station_vector, matrix
        )
        return matrix.to_numpy()

    # level A -----------------------------------------------------------------------------------

    def momentum(self) -> dict[str, np.ndarray]:
        """Of every group about the whole body's centre of mass."""
        return self._by_group({name: self._own_momentum(name) for name in self.bodies})

    def _own_momentum(self, name: str) -> np.ndarray:
        arm = self.centres[name] - self.com
        relative = self.masses[name] * (self.speed[name] - self.com_speed)
        return self.inertia[name] @ self.omega[name] + np.cross(arm, relative)

    def rates(self, accelerations) -> dict[str, np.ndarray]:
        """Rate of every group's momentum about the whole body's centre of mass."""
        mean = _weighted(
            {name: acceleration[1] for name, acceleration in accelerations.items()}, self.masses
        )
        rates = {}
        for name, (alpha, linear) in accelerations.items():
            arm = self.centres[name] - self.com
            rates[name] = self._spin_rate(name, alpha) + np.cross(
                arm, self.masses[name] * (linear - mean)
            )
        return self._by_group(rates)

    def _spin_rate(self, name: str, alpha: np.ndarray) -> np.ndarray:
        omega, inertia = self.omega[name], self.inertia[name]
        return inertia @ alpha + np.cross(omega, inertia @ omega)

    def _by_group(self, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {
            group: np.sum([values[segment] for segment in members], axis=0)
            for group, members in self.map["groups"].items()
        }

    # level B -----------------------------------------------------------------------------------

    def on_the_pelvis(self) -> dict[str, np.ndarray]:
        """Moment of every chain on the pelvis about its centre of mass."""
        about = self.centres[self.map["pelvis"]["body"]]
        moves = self.accelerations(self._udot())
        moments = {}
        for chain, members in self._chains().items():
            total = np.zeros(3)
            for name in members:
                alpha, linear = moves[name]
                pull = self.masses[name] * (linear - self.gravity)
                total -= self._spin_rate(name, alpha) + np.cross(self.centres[name] - about, pull)
            for side, foot in self.map["feet"].items():
                if foot in members:
                    total += self.now.moment[side] - np.cross(about, self.now.force[side])
            moments[chain] = total
        return moments

    def _chains(self) -> dict[str, list[str]]:
        groups = self.map["groups"]
        upper = [
            segment for group in ("torso", "arm_left", "arm_right") for segment in groups[group]
        ]
        return {
            "leg_left": groups["leg_left"],
            "leg_right": groups["leg_right"],
            "upper_body": upper,
        }

    def _udot(self) -> np.ndarray:
        udot = np.zeros(len(self.slot))
        for name, index in self.slot.items():
            udot[index] = self.now.udot[name]
        return udot

    # level C -----------------------------------------------------------------------------------

    def caused(self, side: str) -> dict[str, dict[str, tuple[np.ndarray, dict[str, np.ndarray]]]]:
        """Ground force and rates of groups by contact model and joint, one foot on the ground."""
        free = [
            coordinate
            for coordinate in self.slot
            if coordinate not in self.locked and coordinate not in self.couplers
        ]
        expand = np.zeros((len(self.slot), len(free)))
        for column, name in enumerate(free):
            expand[self.slot[name], column] = 1.0
        for dependent, independent in self.couplers.items():
            if independent in free:
                expand[self.slot[dependent], free.index(independent)] = 1.0
        matrix = opensim.Matrix()
        self.matter.calcM(self.state, matrix)
        mass = expand.T @ matrix.to_numpy() @ expand
        point, share = self.pressure(side)
        foot, toes = self.map["feet"][side], self._toes(side)
        at_foot, at_toes = self.jacobian(foot, point), self.jacobian(toes, point)
        wrench = np.concatenate(
            (self.now.moment[side] - np.cross(point, self.now.force[side]), self.now.force[side])
        )
        needed = expand.T @ self._generalised()
        at_rest = self.accelerations(np.zeros(len(self.slot)))
        effects = {}
        for model, rows in ROWS.items():
            toe_share = 0.0 if model == "C4" else share
            contact = ((1.0 - toe_share) * at_foot + toe_share * at_toes) @ expand
            tau = needed - contact.T @ wrench - self._of_the_other_foot(side, expand, model)
            constraint = contact[rows]
            reply = np.linalg.solve(mass, constraint.T)
            effects[model] = {
                source: self._effect(
                    expand, mass, constraint, reply, np.where(chosen, tau, 0.0), rows, at_rest
                )
                for source, chosen in self._sources(free).items()
            }
        return effects

    def _of_the_other_foot(self, side: str, expand: np.ndarray, model: str) -> np.ndarray:
        """Generalised forces of the load that a filter leaks onto the other foot."""
        opposite = {"left": "right", "right": "left"}[side]
        force, moment = self.now.force[opposite], self.now.moment[opposite]
        point, share = self.pressure(opposite)
        share = 0.0 if model == "C4" else share
        wrench = np.concatenate((moment - np.cross(point, force), force))
        foot, toes = self.map["feet"][opposite], self._toes(opposite)
        bearing = (1.0 - share) * self.jacobian(foot, point) + share * self.jacobian(toes, point)
        return (bearing @ expand).T @ wrench

    def _generalised(self) -> np.ndarray:
        """Generalised forces of motion and weight, none of the ground."""
        total = np.zeros(len(self.slot))
        for name, (alpha, linear) in self.accelerations(self._udot()).items():
            jacobian = self.jacobian(name, self.centres[name])
            pull = self.masses[name] * (linear - self.gravity)
            total += jacobian.T @ np.concatenate((self._spin_rate(name, alpha), pull))
        return total

    def _effect(self, expand, mass, constraint, reply, tau, rows, at_rest):
        unconstrained = np.linalg.solve(mass, tau)
        force = -np.linalg.solve(constraint @ reply, constraint @ unconstrained)
        udot = expand @ (unconstrained + reply @ force)
        moves = {
            name: (alpha - at_rest[name][0], linear - at_rest[name][1])
            for name, (alpha, linear) in self.accelerations(udot).items()
        }
        mean = _weighted({name: motion[1] for name, motion in moves.items()}, self.masses)
        rates = {
            name: self.inertia[name] @ alpha
            + np.cross(self.centres[name] - self.com, self.masses[name] * (linear - mean))
            for name, (alpha, linear) in moves.items()
        }
        ground = np.zeros(6)
        ground[rows] = force
        return ground[3:], self._by_group(rates)

    def _sources(self, free: list[str]) -> dict[str, np.ndarray]:
        driven, joint_set = {}, self.model.getJointSet()
        for joint, sides in self.map["joints"].items():
            for side, name in sides.items():
                joints = [joint_set.get(name)]
                if joint == "ankle":  # and what else moves the foot
                    joints += [
                        candidate
                        for candidate in joint_set
                        if _child(candidate) == self.map["feet"][side]
                    ]
                names = [
                    part.get_coordinates(k).getName()
                    for part in joints
                    for k in range(part.numCoordinates())
                ]
                label = joint if side == "centre" else f"{joint}_{side}"
                driven[label] = np.isin(free, names)
        return driven

    def _toes(self, side: str) -> str:
        return _child(self.model.getJointSet().get(self.map["joints"]["mtp"][side]))

    def pressure(self, side: str) -> tuple[np.ndarray, float]:
        """Centre of pressure on the ground, and the toes' share of the force."""
        force, moment, height = self.now.force[side], self.now.moment[side], self.now.height
        if force[1] < 20.0:
            return np.zeros(3), 0.0
        x = (moment[2] + height * force[0]) / force[1]
        z = (height * force[2] - moment[0]) / force[1]
        point = np.array([x, height, z])
        joint = self.model.getJointSet().get(self.map["joints"]["mtp"][side])
        centre = _array(joint.getChildFrame().getPositionInGround(self.state))
        names = [joint.get_coordinates(k).getName() for k in range(joint.numCoordinates())]
        toes = self.jacobian(self._toes(side), centre)[:3]
        axis = next(
            toes[:, self.slot[coordinate]] for coordinate in names if coordinate not in self.locked
        )
        ahead = np.cross(axis, [0.0, 1.0, 0.0])
        ahead /= np.linalg.norm(ahead)
        heel = self.model.getBodySet().get(self.map["feet"][side])
        ahead *= np.sign(ahead @ (centre - _array(heel.getPositionInGround(self.state))))
        share = np.clip(0.5 * ((point - centre) @ ahead / BLEND + 1.0), 0.0, 1.0)
        return point, float(share**2 * (3.0 - 2.0 * share))


def _matrix(rotation) -> np.ndarray:
    return np.array([[rotation.get(i, j) for j in range(3)] for i in range(3)])


def _weighted(values: dict[str, np.ndarray], masses: dict[str, float]) -> np.ndarray:
    total_mass = sum(masses.values())
    return np.sum([masses[name] * value for name, value in values.items()], axis=0) / total_mass


INSTANTS = (0.2, 0.4, 0.6, 0.8)
"""Of every contact."""

LIMITS = {"momentum": 1e-6, "hub": 1e-4, "caused rate": 2e-3, "caused force": 4e-3}
"""kg m²/s, N m, N m and N: what files are rounded to, once (`precision` of the dictionary)."""


def instants(folder: Path, trial: str) -> Iterator[tuple[int, str, Instant]]:
    """Four instants of every contact: index of the frame, side, and what was measured."""
    with xr.open_dataset(folder / "consistent" / f"{trial}.nc") as opened:
        data = opened.load()
    names = [str(coordinate) for coordinate in data["coordinate"].values]
    time = data["time"].values
    feet = [str(foot) for foot in data["foot"].values]
    for contact in range(data.sizes["contact"]):
        start, stop = (
            float(data[f"contact_{event}"][contact]) for event in ("touchdown", "toe_off")
        )
        for share in INSTANTS:
            frame = int(np.abs(time - start - share * (stop - start)).argmin())
            motion = {
                variable: dict(zip(names, data[variable].values[frame].tolist(), strict=True))
                for variable in ("q", "u", "udot")
            }
            loads = {
                name: dict(zip(feet, data[f"foot_{name}"].values[frame], strict=True))
                for name in ("force", "moment")
            }
            height = float(data.attrs["surface_height"])
            yield (
                frame,
                str(data["contact_foot"].values[contact]),
                Instant(**motion, **loads, height=height),
            )


def hold_against(folder: Path, trial: str, model_map: Path) -> None:
    """Hold the levels of a fitted trial in a participant's folder against OpenSim's."""
    model = next((folder / "consistent").glob("*.osim"))
    referee = Referee(model, model_map)
    with xr.open_dataset(folder / "contributions" / f"{trial}.nc") as opened:
        data = opened.load()
    angle = float(data.attrs["heading"])
    turn = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    worst = dict.fromkeys(LIMITS, 0.0)

    def compare(quantity: str, computed: np.ndarray, expected: np.ndarray) -> None:
        worst[quantity] = max(worst[quantity], float(np.abs(computed - turn @ expected).max()))

    checked, borne = 0, 0.0
    for frame, side, now in instants(folder, trial):
        product = data.isel(time=frame)
        if not bool(product["foot_held"].sel(foot=side)):
            continue
        checked += 1
        referee.set(now)
        borne = max(borne, referee.pressure(side)[1])
        for group, value in referee.momentum().items():
            computed = product["group_angular_momentum"].sel(group=group).values
            compare("momentum", computed, value)
        for chain, value in referee.on_the_pelvis().items():
            parts = (
                product[variable].sel(chain=chain)
                for variable in ("hub_moment", "hub_force_moment")
            )
            compare("hub", sum(part.values for part in parts), value)
        for model, sources in referee.caused(side).items():
            for source, (force, rates) in sources.items():
                selection = {"contact_model": model, "source": source}
                computed = product["induced_ground_force"].sel(foot=side, **selection).values
                compare("caused force", computed, force)
                for group, rate in rates.items():
                    computed = product["induced_momentum_rate"].sel(group=group, **selection).values
                    compare("caused rate", computed, rate)
    assert checked >= 4 * len(INSTANTS) - 2
    assert borne > 0.9  # else C4 and C2 would be alike
    assert set(ROWS) == {str(contact_model) for contact_model in data["contact_model"].values}
    for quantity, deviation in worst.items():
        assert deviation < LIMITS[quantity], worst
