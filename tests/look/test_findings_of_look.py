"""Findings of `aqbio look` about muscles, contact models and the model's pose."""

import numpy as np
import pytest

import aqbio
from aqbio.errors import AqbioError
from aqbio.io.mot import write_storage
from aqbio.look.inputs import read_model_in_motion
from aqbio.look.levels import _undetermined_findings
from aqbio.look.muscles import read_muscles
from aqbio.opensim.muscles import _path, _settle
from tests.look.test_look import files, with_muscle  # noqa: F401
from tests.look.test_wrong_inputs import CaseFiles

pytestmark = pytest.mark.opensim


def test_muscle_forces_of_another_time_are_refused(files, with_muscle, tmp_path):  # noqa: F811
    model, _ = with_muscle
    later = tmp_path / "later.sto"
    columns = np.full((50, 2), 100.0)
    time = 100.0 + 0.01 * np.arange(50)
    write_storage(later, ["calf_l", "calf_r"], time, columns, in_degrees=False)
    with pytest.raises(AqbioError, match="share no time") as refused:
        read_muscles(later, read_model_in_motion(model, files.motion, files.forces))
    assert refused.value.rule == "muscle-clock"


def test_an_unknown_contact_model_is_refused(files):  # noqa: F811
    with pytest.raises(AqbioError, match="no contact model 'C9'") as refused:
        aqbio.induced(files.model, files.motion, files.forces, contact="C9")
    assert refused.value.rule == "contact-model"


class BrokenMuscle:
    """A muscle that OpenSim cannot use."""

    def getName(self) -> str:  # noqa: N802
        return "calf"

    def getGeometryPath(self) -> None:  # noqa: N802
        raise RuntimeError("not a GeometryPath")

    def computeEquilibrium(self, _) -> None:  # noqa: N802
        raise RuntimeError("no fibre length")


def test_muscles_without_path_or_equilibrium_are_named(tmp_path):
    with pytest.raises(AqbioError, match="calf has no path") as refused:
        _path(BrokenMuscle(), tmp_path / "a.osim")
    assert refused.value.rule == "muscle-path"
    with pytest.raises(AqbioError, match="calf finds no equilibrium") as refused:
        _settle(BrokenMuscle(), "calf", None, tmp_path / "a.osim")
    assert refused.value.rule == "muscle-equilibrium"


def test_frames_that_a_contact_model_does_not_determine_are_counted():
    [finding] = _undetermined_findings({"C4": np.array([True, False, True])})
    assert (finding.rule, finding.number) == ("contact-undetermined", 2.0)


def test_a_model_that_does_not_stand_in_its_default_pose_is_named(files, tmp_path):  # noqa: F811
    def lie_down(model) -> None:
        model.updCoordinateSet().get("pelvis_tilt").setDefaultValue(np.pi / 2.0)

    model = CaseFiles(tmp_path, files).model(lie_down)
    moving = read_model_in_motion(model, files.motion, files.forces)
    assert "model-posture" in [finding.rule for finding in moving.findings]
