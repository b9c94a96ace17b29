"""Wrench of the root by OpenSim alone from a folder of files; only the import is aqbio's."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import numpy as np

from aqbio.opensim.session import opensim


def table(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Time and columns of a storage file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = lines.index("endheader") + 1
    values = np.loadtxt(lines[start + 1 :], ndmin=2)
    return values[:, 0], dict(zip(lines[start].split()[1:], values[:, 1:].T, strict=True))


def inverse_dynamics(setup: Path) -> Path:
    """Run OpenSim's tool by its set-up, in its folder, and give the file that it writes."""
    with chdir(setup.parent):
        tool = opensim.InverseDynamicsTool(setup.name)
        assert tool.run()
    return setup.parent / tool.getOutputGenForceFileName()


def root_wrench(
    model_file: Path, motion: Path, forces: Path, root: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Wrench about the whole body's centre of mass that the root's generalised forces stand for."""
    model = opensim.Model(str(model_file))
    model.updForceSet().clearAndDestroy()
    state = model.initSystem()
    body, matter = model.getBodySet().get(root), model.getMatterSubsystem()
    coordinates = model.getCoordinateSet()
    handles = [coordinates.get(k) for k in range(coordinates.getSize())]
    for handle in handles:
        handle.setLocked(state, False)

    def slot(handle: object) -> int:
        """Index of a coordinate's speed among Simbody's."""
        handle.setSpeedValue(state, 1.0)
        index = int(np.argmax(state.getU().to_numpy()))
        handle.setSpeedValue(state, 0.0)
        return index

    names = [handle.getName() for handle in sorted(handles, key=slot)[:6]]
    times, q = table(motion)
    time, columns = table(forces)
    ends = ("_force", "_moment")
    generalised = [columns[n + end] for n in names for end in ends if n + end in columns]
    force, moment = np.empty((2, len(time), 3))
    for frame, row in enumerate(np.abs(times - time[:, None]).argmin(axis=1)):
        for handle in handles:
            turns = handle.getMotionType() == opensim.Coordinate.Rotational
            value = q[handle.getName()][row]
            handle.setValue(state, float(np.radians(value) if turns else value), False)
        model.realizePosition(state)
        jacobian = opensim.Matrix()
        matter.calcFrameJacobian(state, body.getMobilizedBodyIndex(), opensim.Vec3(0), jacobian)
        root_force = np.array([history[frame] for history in generalised])
        wrench = np.linalg.solve(jacobian.to_numpy()[:, :6].T, root_force)
        arm = body.getPositionInGround(state).to_numpy()
        arm = arm - model.calcMassCenterPosition(state).to_numpy()
        force[frame] = wrench[3:]
        moment[frame] = wrench[:3] + np.cross(arm, wrench[3:])
    return time, force / (model.getTotalMass(state) * 9.80665), moment


def rms(values: np.ndarray) -> np.ndarray:
    """Root mean square over frames."""
    return np.sqrt((values**2).mean(axis=0))
