"""Forces from storage files: every family of column names gives the same wrench."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.mot import write_storage
from aqbio.io.mot_forces import LOADED, force_groups, read_force_storage
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
