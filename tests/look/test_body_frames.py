"""External loads in the axes of moving bodies: turned to ground as OpenSim does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.io.mot import write_storage
from aqbio.look.inputs import SHEET_NAMES, read_model_in_motion
from aqbio.multibody.motion import Motion
from aqbio.opensim.reference import MovedModel
from aqbio.opensim.session import array_from_vec3, opensim
from aqbio.opensim.skeleton import read_skeleton
from tests.look.made_files import COLUMNS, RATE, START, Files, force_table, gait, write_files

pytestmark = pytest.mark.opensim

GROUND = "ground"


class Frames(NamedTuple):
    """Bodies in whose axes force and point are given; {} is r or l."""

    force: str
    point: str


CASES = {
    "foot": Frames("foot_{}", "foot_{}"),
    "paths of OpenSim 4": Frames("/bodyset/foot_{}", "/bodyset/foot_{}"),
    "two bodies": Frames("pelvis", "tibia_{}"),
    "the point alone": Frames("/ground", "foot_{}"),
    "the force alone": Frames("torso", GROUND),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Files:
    return write_files(tmp_path_factory.mktemp("frames"))


@pytest.fixture(scope="module")
def moved(files) -> tuple[MovedModel, Motion]:
    names = read_skeleton(files.model).coordinates
    assert names == gait().skeleton.coordinates
    return MovedModel.read(files.model, names), files.truth.motion


def loads_file(folder: Path, data: str, frames: Frames, *, point: bool = True) -> Path:
    loads = "".join(
        f"<ExternalForce name='{side}'><applied_to_body>foot_{side}</applied_to_body>"
        f"<force_expressed_in_body>{frames.force.format(side)}</force_expressed_in_body>"
        f"<point_expressed_in_body>{frames.point.format(side)}</point_expressed_in_body>"
        f"<force_identifier>ground_force_{side}_v</force_identifier>"
        f"<point_identifier>{f'ground_force_{side}_p' if point else ''}</point_identifier>"
        f"<torque_identifier>ground_torque_{side}_</torque_identifier></ExternalForce>"
        for side in "lr"
    )
    text = f"<OpenSimDocument><ExternalLoads><objects>{loads}</objects>"
    path = folder / "loads.xml"
    path.write_text(f"{text}<datafile>{data}</datafile></ExternalLoads></OpenSimDocument>")
    return path


def in_bodies(table: np.ndarray, frames: Frames, moved: tuple[MovedModel, Motion]) -> np.ndarray:
    """Force, point and moment of both feet (T, 18) in the axes of bodies, turned by OpenSim."""
    posed, motion = moved
    ground, bodies = posed.model.getGround(), posed.model.getBodySet()

    def body_of(frame: str, side: str):
        name = frame.format(side).rsplit("/", 1)[-1]
        return ground if name == GROUND else bodies.get(name)

    turned = table.reshape(len(table), 2, 3, 3).copy()
    for frame in range(len(table)):
        posed.move(motion, frame)
        for foot, side in enumerate("lr"):
            force, point, moment = (opensim.Vec3(*row.tolist()) for row in turned[frame, foot])
            axes, place = body_of(frames.force, side), body_of(frames.point, side)
            turned[frame, foot, 0] = array_from_vec3(
                ground.expressVectorInAnotherFrame(posed.state, force, axes)
            )
            turned[frame, foot, 2] = array_from_vec3(
                ground.expressVectorInAnotherFrame(posed.state, moment, axes)
            )
            turned[frame, foot, 1] = array_from_vec3(
                ground.findStationLocationInAnotherFrame(posed.state, point, place)
            )
    return turned.reshape(len(table), -1)


def write_table(path: Path, table: np.ndarray) -> Path:
    time = START + np.arange(len(table)) / RATE
    write_storage(path, COLUMNS, time, table, in_degrees=False)
    return path


@pytest.mark.parametrize("name", CASES)
def test_loads_in_body_axes_are_those_in_ground_axes(name, files, moved, tmp_path):
    table = force_table(files.truth)
    ground = write_table(tmp_path / "ground.mot", table)
    write_table(tmp_path / "turned.mot", in_bodies(table, CASES[name], moved))
    loads = loads_file(tmp_path, "turned.mot", CASES[name])
    expected, found = (
        read_model_in_motion(files.model, files.motion, forces) for forces in (ground, loads)
    )
    assert list(found.prepared["contact_foot"].values) == list(
        expected.prepared["contact_foot"].values
    )
    for variable, limit in (("foot_force", 1e-5), ("foot_moment", 1e-4)):
        np.testing.assert_allclose(
            found.prepared[variable], expected.prepared[variable], rtol=0, atol=limit
        )


def test_a_load_without_a_point_acts_at_the_origin_of_its_body(files, moved, tmp_path):
    """As in OpenSim: the moment is about that origin then."""
    table = force_table(files.truth).reshape(-1, 2, 3, 3)
    ground = write_table(tmp_path / "ground.mot", table.reshape(len(table), -1))
    posed, motion = moved
    bare = table.copy()
    for frame in range(len(table)):
        posed.move(motion, frame)
        for foot, side in enumerate("lr"):
            body = posed.model.getBodySet().get(f"foot_{side}")
            arm = table[frame, foot, 1] - array_from_vec3(body.getPositionInGround(posed.state))
            bare[frame, foot, 2] += np.cross(arm, table[frame, foot, 0])
    columns = [column for column in COLUMNS if "_p" not in column]
    kept = [index for index, column in enumerate(COLUMNS) if column in columns]
    time = START + np.arange(len(bare)) / RATE
    values = bare.reshape(len(bare), -1)[:, kept]
    write_storage(tmp_path / "bare.mot", columns, time, values, in_degrees=False)
    loads = loads_file(tmp_path, "bare.mot", Frames(GROUND, GROUND), point=False)
    expected, found = (
        read_model_in_motion(files.model, files.motion, forces) for forces in (ground, loads)
    )
    np.testing.assert_allclose(
        found.prepared["foot_moment"], expected.prepared["foot_moment"], rtol=0, atol=1e-4
    )


def test_a_body_that_the_model_lacks_is_named_and_the_fix_leads_out(files, tmp_path):
    write_table(tmp_path / "turned.mot", force_table(files.truth))
    loads = loads_file(tmp_path, "turned.mot", Frames("ski_{}", GROUND))
    with pytest.raises(AqbioError, match="axes of ski_l, which is no body") as refused:
        read_model_in_motion(files.model, files.motion, loads)
    assert refused.value.rule == "external-loads-frame"
    assert not SHEET_NAMES.search(refused.value.fix)
    assert "force_expressed_in_body and point_expressed_in_body ground" in refused.value.fix


def test_loads_in_body_axes_of_another_time_are_refused(files, tmp_path):
    time = 100.0 + np.arange(50) / RATE
    write_storage(tmp_path / "late.mot", COLUMNS, time, np.ones((50, 18)), in_degrees=False)
    loads = loads_file(tmp_path, "late.mot", CASES["foot"])
    with pytest.raises(AqbioError, match="share no time") as refused:
        read_model_in_motion(files.model, files.motion, loads)
    assert refused.value.rule == "clock-apart"
