"""External loads of OpenSim: which force file, and whose foot."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.io.mot import write_storage
from aqbio.io.trial_files import read_forces

XML = """<?xml version="1.0" encoding="UTF-8" ?>
<OpenSimDocument Version="30000"><ExternalLoads name="grf"><objects>
<ExternalForce name="one"><applied_to_body>calcn_l</applied_to_body>
<force_identifier>1_ground_force_v</force_identifier></ExternalForce>
<ExternalForce name="two"><applied_to_body>calcn_r</applied_to_body>
<force_identifier>ground_force_v</force_identifier></ExternalForce>
</objects><datafile>{}</datafile></ExternalLoads></OpenSimDocument>
"""


@pytest.fixture
def folder(tmp_path):
    """A force file with columns per plate."""
    names = [
        f"{plate}ground_force_{part}{axis}"
        for plate in ("", "1_")
        for part in "vp"
        for axis in "xyz"
    ]
    values = np.ones((50, len(names)))
    time = np.arange(50) / 1000.0
    write_storage(tmp_path / "grf.mot", names, time, values, in_degrees=False)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def write(path, said):
    path.write_text(XML.format(said), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("said", "moved"),
    [
        ("grf.mot", False),
        ("elsewhere/../grf.mot", False),
        ("../ExpData/grf.mot", True),
        ("D:\\laboratory\\data\\grf.mot", True),
        ("/laboratory/grf.mot", True),
    ],
)
def test_force_file_is_found_wherever_the_path_pointed(folder, said, moved):
    forces, findings = read_forces(write(folder / "loads.xml", said), 0.0)
    assert forces.feet == ("right", "left")
    rules = [finding.rule for finding in findings]
    assert ("external-loads-moved" in rules) == moved


def test_force_file_that_is_nowhere_is_named(folder):
    with pytest.raises(AqbioError, match="names a force file that is not here") as caught:
        read_forces(write(folder / "loads.xml", "../run.mot"), 0.0)
    assert caught.value.rule == "external-loads"
    assert "column force_file" in caught.value.fix


@pytest.mark.parametrize("text", ["no xml", "<OpenSimDocument/>"])
def test_other_files_are_refused(folder, text):
    path = folder / "loads.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AqbioError, match="external loads"):
        read_forces(path, 0.0)


ODD = """<OpenSimDocument><ExternalLoads><objects><ExternalForce>
<applied_to_body>/bodyset/calcn_l</applied_to_body>
<force_expressed_in_body>{frame}</force_expressed_in_body>
<force_identifier>belt_b_load_</force_identifier><point_identifier>belt_b_at_</point_identifier>
<torque_identifier>Unassigned</torque_identifier></ExternalForce></objects>
<datafile>odd.mot</datafile></ExternalLoads></OpenSimDocument>
"""


def odd(folder, frame="ground"):
    """Columns whose names say nothing beside a plate that the description leaves out."""
    names = [
        f"{start}{axis}"
        for start in ("belt_b_load_", "belt_b_at_", "ground_force_v")
        for axis in "xyz"
    ]
    values = np.tile([100.0, 200.0, 300.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], (50, 1))
    time = np.arange(50) / 1000.0
    write_storage(folder / "odd.mot", names, time, values, in_degrees=False)
    (folder / "odd.xml").write_text(ODD.format(frame=frame), encoding="utf-8")
    return folder / "odd.xml"


def test_columns_are_those_that_the_identifiers_name(folder):
    forces, findings = read_forces(odd(folder), 0.0)
    assert forces.feet == ("left",)
    np.testing.assert_array_equal(forces.wrench.force[0, 0], [100.0, 200.0, 300.0])
    about = forces.wrench.moment_about_origin()[0, 0]
    np.testing.assert_allclose(about, np.cross([4.0, 5.0, 6.0], [100.0, 200.0, 300.0]))
    [left_out] = [one for one in findings if one.rule == "force-columns-left-out"]
    assert "ground_force_vx" in left_out.what
    assert left_out.severity == "warning"


def test_loads_in_a_moving_frame_are_refused(folder):
    with pytest.raises(AqbioError, match="given in the frame of calcn_r"):
        read_forces(odd(folder, frame="calcn_r"), 0.0)
