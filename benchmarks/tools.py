"""OpenSim's tools as laboratories run them: files in, files out, everything at its default."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aqbio.io.opensim_xml import LoadColumns, write_external_loads
from aqbio.opensim.session import opensim

IDENTIFIERS = {
    "force": "ground_force_{}_v",
    "point": "ground_force_{}_p",
    "torque": "ground_torque_{}_",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Instants between which a tool works, s."""

    start: float
    end: float


@contextmanager
def silence() -> Iterator[None]:
    """Keep OpenSim's tools, which print from C++, from printing."""
    sys.stdout.flush()
    stdout = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(stdout, 1)
            os.close(stdout)


def _run(tool: Any, work: Callable[[], bool] | None = None) -> None:
    with silence():
        succeeded = (work or tool.run)()
    if not succeeded:
        raise RuntimeError(f"OpenSim's {tool.getConcreteClassName()} failed.")


def inverse_kinematics_tool(
    model: Path, markers: Path, names: Sequence[str], span: Span, output: Path
) -> Path:
    """TRC to coordinates, accuracy 1e-5, all markers with weight 1."""
    tool = opensim.InverseKinematicsTool()
    tool.set_model_file(str(model))
    tool.setMarkerDataFileName(str(markers))
    for name in names:
        task = opensim.IKMarkerTask()
        task.setName(name)
        task.setWeight(1.0)
        tool.upd_IKTaskSet().cloneAndAppend(task)
    tool.setStartTime(span.start)
    tool.setEndTime(span.end)
    tool.setResultsDir(str(output.parent))
    tool.set_report_errors(False)  # spares it a file
    tool.setOutputMotionFileName(str(output))
    _run(tool)
    return output


def inverse_dynamics_tool(
    model: Path, coordinates: Path, loads: Path, span: Span, output: Path, cutoff: float = -1.0
) -> Path:
    """Coordinates and ground forces to generalised forces; muscles and actuators left out."""
    tool = opensim.InverseDynamicsTool()
    tool.setModelFileName(str(model))
    tool.setCoordinatesFileName(str(coordinates))
    tool.setExternalLoadsFileName(str(loads))
    tool.setLowpassCutoffFrequency(cutoff)
    excluded = opensim.ArrayStr()
    excluded.append("Muscles")
    excluded.append("actuators")
    tool.setExcludedForces(excluded)
    tool.setStartTime(span.start)
    tool.setEndTime(span.end)
    tool.setResultsDir(str(output.parent))
    tool.setOutputGenForceFileName(output.name)
    _run(tool)
    return output


def body_kinematics_tool(
    model: Path, coordinates: Path, span: Span, stem: Path, cutoff: float = -1.0
) -> dict[str, Path]:
    """Coordinates to position, velocity and acceleration of every segment's centre of mass."""
    analysis = opensim.BodyKinematics()
    analysis.setName("bodies")
    analysis.setStartTime(span.start)
    analysis.setEndTime(span.end)
    plan = opensim.AnalyzeTool()
    plan.setName(stem.name)
    plan.setModelFilename(str(model))
    plan.setCoordinatesFileName(str(coordinates))
    plan.setLowpassCutoffFrequency(cutoff)
    plan.setInitialTime(span.start)
    plan.setFinalTime(span.end)
    plan.setReplaceForceSet(False)
    plan.setSolveForEquilibrium(False)
    plan.setResultsDir(str(stem.parent))
    plan.updAnalysisSet().cloneAndAppend(analysis)
    setup = stem.with_name(f"{stem.name}_setup.xml")
    plan.printToXML(str(setup))
    with silence():
        tool = opensim.AnalyzeTool(str(setup), True)  # noqa: FBT003
    _run(tool)
    return {
        kind: stem.with_name(f"{stem.name}_bodies_{kind}_global.sto") for kind in ("pos", "vel")
    }


def write_ground_loads(path: Path, forces: Path, feet: Mapping[str, str]) -> Path:
    """Write which columns of a force file push which foot."""
    loads = [LoadColumns("ground", letter, body) for letter, body in feet.items()]
    write_external_loads(path, str(forces), loads)
    return path
