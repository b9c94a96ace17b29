"""OpenSim's own InverseDynamicsTool, files in and files out, as an oracle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from aqbio.io.mot import read_storage, write_storage
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import folded_forces
from aqbio.multibody.skeleton import Skeleton
from aqbio.opensim.session import opensim


def run_inverse_dynamics_tool(
    model_file: Path,
    skeleton: Skeleton,
    solved: xr.Dataset,
    loads: Sequence[ExternalLoad],
    folder: Path,
) -> np.ndarray:
    """Generalised forces (T, C) by the tool, dependent coordinates folded into independent ones."""
    time = solved["time"].values
    degrees = solved["q"].values.copy()
    # dependent coordinates are of motion type Coupled: OpenSim reads them in radians
    rotations = skeleton.coordinate_is_rotation.copy()
    degrees[:, rotations] = np.degrees(degrees[:, rotations])
    write_storage(folder / "q.mot", skeleton.coordinates, time, degrees, in_degrees=True)
    external = _external_loads(loads, time, folder)
    tool = opensim.InverseDynamicsTool()
    tool.setModelFileName(str(model_file))
    tool.setCoordinatesFileName(str(folder / "q.mot"))
    tool.setExternalLoadsFileName(str(external))
    tool.setLowpassCutoffFrequency(-1.0)
    tool.setStartTime(float(time[0]))
    tool.setEndTime(float(time[-1]))
    tool.setResultsDir(str(folder))
    tool.setOutputGenForceFileName("id.sto")
    assert tool.run()
    table = read_storage(folder / "id.sto")
    columns = {
        name.removesuffix("_moment").removesuffix("_force"): i
        for i, name in enumerate(table.columns)
    }
    forces = np.stack([table.values[:, columns[name]] for name in skeleton.coordinates], axis=1)
    return folded_forces(skeleton, solved["q"].values, forces)


def _external_loads(loads: Sequence[ExternalLoad], time: np.ndarray, folder: Path) -> Path:
    names, values = [], []
    for index, load in enumerate(loads):
        points = np.broadcast_to(load.point, load.force.shape)
        for part, array in (("force", load.force), ("point", points), ("moment", load.moment)):
            names += [f"{part}{index}_{axis}" for axis in "xyz"]
            values.append(array)
    write_storage(folder / "loads.mot", names, time, np.hstack(values), in_degrees=False)
    external = opensim.ExternalLoads()
    external.setDataFileName(str(folder / "loads.mot"))
    for index, load in enumerate(loads):
        force = opensim.ExternalForce()
        force.setName(f"load{index}")
        force.set_applied_to_body(load.body)
        force.set_force_expressed_in_body("ground")
        force.set_point_expressed_in_body("ground")
        force.set_force_identifier(f"force{index}_")
        force.set_point_identifier(f"point{index}_")
        force.set_torque_identifier(f"moment{index}_")
        external.cloneAndAppend(force)
    path = folder / "loads.xml"
    external.printToXML(str(path))
    return path
