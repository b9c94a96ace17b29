"""Forces from storage files: by the names of columns, or by external loads of OpenSim."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.io.mot import write_storage
from aqbio.io.mot_forces import LOADED, force_groups, read_external_loads, read_force_storage
from aqbio.io.opensim_xml import LoadColumns, write_external_loads, write_inverse_dynamics_setup
from aqbio.io.trial_files import read_forces
from aqbio.vectors import cross
from tests.refusal import refused

FAMILIES = {
    "plain": ("ground_force_v{}", "ground_force_p{}", "ground_torque_{}"),
    "number before": ("1_ground_force_v{}", "1_ground_force_p{}", "1_ground_torque_{}"),
    "side before": ("R_ground_force_v{}", "R_ground_force_p{}", "R_ground_torque_{}"),
    "side inside": ("ground_force_r_v{}", "ground_force_r_p{}", "ground_torque_r_{}"),
    "moment letter": ("ground_force_1_v{}", "ground_force_1_p{}", "ground_force_1_m{}"),
    "body inside": (
        "ground_force_calcn_l_v{}",
        "ground_force_calcn_l_p{}",
        "ground_force_calcn_l_m{}",
    ),
    "short": ("f_r_{}", "p_r_{}", "m_r_{}"),
    "shorter": ("l_f{}", "l_p{}", "l_m{}"),
    "channel": ("F{}1", "P{}1", "M{}1"),
    "flattened": ("f2_{n}", "p2_{n}", "m2_{n}"),
    "vectors": ("f2", "p2", "m2"),
}
FEET = {"side before": "right", "side inside": "right", "body inside": "left", "short": "right"}


@pytest.fixture
def contact():
    """One contact; force, point and free moment of 300 samples at 1 kHz."""
    share = np.linspace(0.0, 1.0, 200)
    force, place, free = np.zeros((3, 300, 3))
    force[50:250] = np.outer(np.sin(np.pi * share), [100.0, 1800.0, -40.0])
    place[50:250] = np.column_stack((2.0 + 0.2 * share, 0.0 * share, 0.1 + 0.0 * share))
    free[50:250, 1] = 6.0 * share
    return force, place, free


def write(path, names, contact, start=0.23):
    columns = [name.format(axis, n="xyz".index(axis) + 1) for name in names for axis in "xyz"]
    time = start + np.arange(300) / 1000.0
    values = np.concatenate(contact[: len(names)], axis=1)
    if len(set(columns)) == len(names):
        cells = [[",".join(map(repr, row)) for row in one.tolist()] for one in contact]
        rows = ["\t".join(row) for row in zip(map(repr, time.tolist()), *cells, strict=True)]
        head = ("DataRate=1000", "DataType=Vec3", "endheader", "\t".join(("time", *names)))
        path.write_text("\n".join((*head, *rows)))
        return path
    write_storage(path, columns, time, values, in_degrees=False)
    return path


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_the_same_wrench(tmp_path, contact, family):
    path = write(tmp_path / "a.mot", FAMILIES[family], contact)
    forces, findings = read_force_storage(path, first_time=0.23)
    force, place, free = contact
    np.testing.assert_allclose(forces.wrench.force[:, 0], force, atol=1e-12)
    about = forces.wrench.moment_about_origin()[:, 0]
    np.testing.assert_allclose(about, free + np.cross(place, force), atol=1e-9)
    assert forces.start == pytest.approx(0.0)
    assert forces.rate == pytest.approx(1000.0)
    assert forces.feet == (FEET.get(family, "left" if family == "shorter" else ""),)
    assert not findings


def test_groups_keep_feet_apart_and_drop_dummies(tmp_path, contact):
    right, left = (
        FAMILIES["side before"],
        tuple(n.replace("R_", "L_") for n in FAMILIES["side before"]),
    )
    columns = [name.format(axis) for name in (*right, *left) for axis in "xyz"]
    values = np.concatenate([*contact, np.zeros((300, 9))], axis=1)
    write_storage(tmp_path / "a.mot", columns, np.arange(300) / 1e3, values, in_degrees=False)
    forces, [finding] = read_force_storage(tmp_path / "a.mot", first_time=-0.5)
    assert forces.names == ("R_ground_force_vx",)
    assert forces.start == pytest.approx(0.5)
    assert finding.rule == "force-columns-zero"
    assert "L_ground_force_vx" in finding.what


def test_points_and_moments_in_millimetres_are_recognised(tmp_path, contact):
    force, place, free = contact
    names = FAMILIES["side inside"]
    forces, findings = read_force_storage(
        write(tmp_path / "a.mot", names, (force, 1e3 * place, 1e3 * free)), 0.23
    )
    about = forces.wrench.moment_about_origin()[:, 0]
    np.testing.assert_allclose(about, free + np.cross(place, force), atol=1e-9)
    assert [one.rule for one in findings] == ["force-unit", "force-unit"]
    assert "points are taken as mm" in findings[0].what
    assert "moments are taken as N mm" in findings[1].what


def test_missing_free_moment_is_noted(tmp_path, contact):
    forces, [finding] = read_force_storage(
        write(tmp_path / "a.mot", FAMILIES["plain"][:2], contact), 0.23
    )
    assert finding.rule == "force-no-moment"
    expected = cross(contact[1], contact[0])
    np.testing.assert_allclose(forces.wrench.moment_about_origin()[:, 0], expected, atol=1e-9)


def test_moments_about_the_origin_without_points(tmp_path, contact):
    force, place, free = contact
    about = free + np.cross(place, force)
    names = (FAMILIES["plain"][0], FAMILIES["plain"][2])
    forces, findings = read_force_storage(write(tmp_path / "a.mot", names, (force, about)), 0.23)
    assert not findings
    np.testing.assert_allclose(forces.wrench.moment_about_origin()[:, 0], about, atol=1e-9)


@pytest.mark.parametrize(
    ("newtons", "rule"), [(LOADED - 1.0, "cop-unloaded"), (LOADED + 1.0, "cop-missing")]
)
def test_points_that_are_no_numbers_matter_where_there_is_load(tmp_path, contact, newtons, rule):
    """One sample, 10 ms before touchdown, of a force just below or above what counts as a load."""
    force, place, free = contact
    force[40], place[40] = [0.0, newtons, 0.0], np.nan
    _, [finding] = read_force_storage(
        write(tmp_path / "a.mot", FAMILIES["plain"], (force, place, free)), 0.23
    )
    assert finding.rule == rule
    assert "in 1 samples" in finding.what


def test_missing_axis_is_named():
    with refused("force-columns", "only ground_force_vx, ground_force_vz exist"):
        force_groups(["ground_force_vx", "ground_force_vz"], "a.mot")


# external loads ----------------------------------------------------------------------------------


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


def described(folder, text):
    (folder / "loads.xml").write_text(text, encoding="utf-8")
    return read_forces(folder / "loads.xml", 0.0)


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
    forces, findings = described(folder, XML.format(said))
    assert forces.feet == ("right", "left")
    rules = [finding.rule for finding in findings]
    assert ("external-loads-moved" in rules) == moved


def test_force_file_that_is_nowhere_is_named(folder):
    with refused("external-loads", "names a force file that is not here") as caught:
        described(folder, XML.format("../run.mot"))
    assert "column force_file" in caught.value.fix


@pytest.mark.parametrize("text", ["no xml", "<OpenSimDocument/>"])
def test_other_files_are_refused(folder, text):
    with pytest.raises(AqbioError, match="external loads"):
        described(folder, text)


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
    return described(folder, ODD.format(frame=frame))


def test_columns_are_those_that_the_identifiers_name(folder):
    forces, findings = odd(folder)
    assert forces.feet == ("left",)
    np.testing.assert_array_equal(forces.wrench.force[0, 0], [100.0, 200.0, 300.0])
    about = forces.wrench.moment_about_origin()[0, 0]
    np.testing.assert_allclose(about, np.cross([4.0, 5.0, 6.0], [100.0, 200.0, 300.0]))
    [left_out] = [one for one in findings if one.rule == "force-columns-left-out"]
    assert "ground_force_vx" in left_out.what
    assert left_out.severity == "warning"


def test_loads_in_a_moving_frame_are_refused(folder):
    with pytest.raises(AqbioError, match="given in the frame of calcn_r"):
        odd(folder, frame="calcn_r")


def test_loads_are_read_as_they_were_written(tmp_path):
    (tmp_path / "run_grf.mot").touch()
    loads = [LoadColumns("ground", "r", "calcn_r"), LoadColumns("ground", "l", "calcn_l")]
    write_external_loads(tmp_path / "run.xml", "run_grf.mot", loads)
    found = read_external_loads(tmp_path / "run.xml")
    assert found.data == tmp_path / "run_grf.mot"
    assert [one.foot for one in found.loads] == ["right", "left"]
    columns = [name for one in loads for name in one.columns]
    groups = found.groups(columns)
    assert [(*one.force, *one.point, *one.moment) for one in groups] == [x.columns for x in loads]


def test_the_set_up_filters_nothing(tmp_path):
    names = {"model": "a.osim", "motion": "b.mot", "loads": "c.xml", "output": "d.sto"}
    write_inverse_dynamics_setup(tmp_path / "setup.xml", **names, span=(0.1, 0.3))
    tool = ElementTree.parse(tmp_path / "setup.xml").find("InverseDynamicsTool")
    assert tool.findtext("time_range") == "0.1 0.3"
    assert float(tool.findtext("lowpass_cutoff_frequency_for_coordinates")) < 0.0
    assert set(names.values()) <= {child.text for child in tool}
