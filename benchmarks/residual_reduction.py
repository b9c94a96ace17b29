"""OpenSim's residual reduction (RRATool) as laboratories run it: the rival of consistency."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from aqbio.opensim.session import opensim
from benchmarks.tools import Span, silence

RESIDUALS = {
    "pelvis_tx": "FX",
    "pelvis_ty": "FY",
    "pelvis_tz": "FZ",
    "pelvis_list": "MX",
    "pelvis_rotation": "MY",
    "pelvis_tilt": "MZ",
}
"""Coordinates whose actuators are the residuals."""
RESIDUAL_FORCE, RESIDUAL_MOMENT = 8.0, 4.0
"""Optimal force of residual actuators, N and N m: those of OpenSim's example of a run."""
STRONG = ("hip", "knee", "ankle_", "lumbar")
STRONG_TORQUE, WEAK_TORQUE = 300.0, 100.0
KP, KV, ROOT_WEIGHT, JOINT_WEIGHT = 100.0, 20.0, 5.0, 10.0
"""Tracking gains and weights."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """What RRATool is given."""

    model: Path
    coordinates: Path
    """Of inverse kinematics."""
    forces: Path
    loads: Path
    """Which foot the forces push, XML."""
    cutoff: float
    """Low-pass of the coordinates, Hz."""
    strength: float = 1.0
    """Factor on the residual actuators: weak ones make small residuals and large deviations."""


def residual_reduction_tool(given: Reduction, span: Span, folder: Path) -> tuple[Path, Path]:
    """Run the tool; give the coordinates that it found and the model that it adjusted."""
    folder.mkdir(parents=True, exist_ok=True)
    model, actuators, tasks = (folder / name for name in ("model.osim", "acts.xml", "tasks.xml"))
    _write_plan(given, model, actuators, tasks)
    shutil.copy(given.forces, folder)
    shutil.copy(given.loads, folder / "loads.xml")
    tool = opensim.RRATool()
    tool.setName("rra")
    tool.setModelFilename(str(model))
    tool.setReplaceForceSet(True)
    sets = opensim.ArrayStr()
    sets.append(str(actuators))
    tool.setForceSetFiles(sets)
    tool.setDesiredKinematicsFileName(str(given.coordinates))
    tool.setTaskSetFileName(str(tasks))
    tool.setLowpassCutoffFrequency(given.cutoff)
    tool.setInitialTime(span.start)
    tool.setFinalTime(span.end)
    tool.setExternalLoadsFileName(str(folder / "loads.xml"))
    tool.setResultsDir(str(folder / "out"))
    tool.setAdjustCOMToReduceResiduals(True)
    tool.setAdjustedCOMBody("torso")
    adjusted = folder / "adjusted.osim"
    tool.setOutputModelFileName(str(adjusted))
    setup = folder / "setup.xml"
    tool.printToXML(str(setup))
    here = Path.cwd()
    try:
        os.chdir(folder)  # the tool leaves files where it runs
        with silence():
            done = opensim.RRATool(str(setup)).run()
    finally:
        os.chdir(here)
    if not done:
        raise RuntimeError("OpenSim's RRATool failed.")
    return folder / "out" / "rra_Kinematics_q.sto", adjusted


def _write_plan(given: Reduction, model_file: Path, actuators: Path, tasks: Path) -> None:
    """Write the model without muscles and limits, one actuator and one task per coordinate."""
    with silence():
        model = opensim.Model(str(given.model))
    model.updForceSet().clearAndDestroy()
    coordinates, forces, goals = model.updCoordinateSet(), opensim.ForceSet(), opensim.CMC_TaskSet()
    for number in range(coordinates.getSize()):
        one = coordinates.get(number)
        one.setDefaultClamped(False)
        one.setDefaultLocked(False)
        name = one.getName()
        forces.cloneAndAppend(_actuator(name, given.strength))
        goals.cloneAndAppend(_task(name))
    model.finalizeConnections()
    model.printToXML(str(model_file))
    forces.printToXML(str(actuators))
    goals.printToXML(str(tasks))


def _actuator(name: str, strength: float) -> opensim.CoordinateActuator:
    actuator = opensim.CoordinateActuator(name)
    actuator.setName(RESIDUALS.get(name, name))
    bound = 100.0
    if name in RESIDUALS:
        moves = name.startswith("pelvis_t") and name != "pelvis_tilt"
        optimal, bound = strength * (RESIDUAL_FORCE if moves else RESIDUAL_MOMENT), 1e4
    else:
        optimal = STRONG_TORQUE if any(part in name for part in STRONG) else WEAK_TORQUE
    actuator.setOptimalForce(optimal)
    actuator.setMinControl(-bound)
    actuator.setMaxControl(bound)
    return actuator


def _task(name: str) -> opensim.CMC_Joint:
    task = opensim.CMC_Joint()
    task.setName(name)
    task.setCoordinateName(name)
    task.setKP(KP, 1, 1)
    task.setKV(KV, 1, 1)
    task.setWeight(ROOT_WEIGHT if name in RESIDUALS else JOINT_WEIGHT, 1, 1)
    task.setActive(True, False, False)  # noqa: FBT003
    task.setOn(True)
    return task
