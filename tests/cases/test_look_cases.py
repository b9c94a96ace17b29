"""`aqbio look` on files of strangers: what each case's README says is right."""

from __future__ import annotations

import numpy as np
import pytest

import aqbio
from aqbio.errors import AqbioError
from aqbio.io.mot import read_storage, write_storage
from aqbio.look.causes import vertical_causes
from aqbio.look.command import look
from aqbio.look.inputs import read_model_in_motion
from aqbio.look.levels import MotionLevels, motion_levels
from aqbio.look.tables import whole_contacts

pytestmark = [pytest.mark.case, pytest.mark.opensim]


def files(cases, name: str, forces: str = "forces.mot", motion: str = "motion.mot"):
    folder = cases / name / "recordings"
    return folder / "model.osim", folder / motion, folder / forces


def levels(cases, *names: str) -> MotionLevels:
    return motion_levels(read_model_in_motion(*files(cases, *names)))


def page(cases, folder, *names: str) -> tuple[str, str]:
    """Lines of the terminal, and the page."""
    lines: list[str] = []
    path = look(*files(cases, *names), folder / "out", lines.append)
    return "\n".join(lines), path.read_text(encoding="utf-8")


TWICE = ("look_last_row_twice", "forces.mot", "motion.sto")
IN_FOOT = ("look_forces_in_foot_frame", "loads.xml")
PLANAR = ("look_planar_model", "loads/subject01_walk_grf.xml")


def test_forces_in_the_axes_of_the_feet_are_those_of_the_ground(cases):
    """The same sprint as with ground forces: what rests on the frames that both cover is equal."""
    turned, ground = (read_model_in_motion(*files(cases, *case)) for case in (IN_FOOT, TWICE))
    inside = slice(25, 88)  # beside contacts that one file cuts, which are filtered so
    for name, limit in (("foot_force", 0.1), ("foot_moment", 0.1)):
        found, expected = (trial.prepared[name].values[inside] for trial in (turned, ground))
        np.testing.assert_allclose(found, expected, rtol=0, atol=limit)
    rules = {finding.rule for finding in turned.findings if finding.severity != "info"}
    assert not rules & {"forces-foreign", "contact-nobody", "force-clock"}


def test_a_last_row_that_stands_twice_is_read_once_and_said(cases):
    moving = read_model_in_motion(*files(cases, *TWICE))
    assert len(moving.time) == 116
    [finding] = [finding for finding in moving.findings if finding.rule == "rows-repeated"]
    assert finding.what.startswith("data row 117 repeats the row before")
    whole = aqbio.momentum(*files(cases, "look_forces_in_foot_frame")[:2])
    copied = aqbio.momentum(*files(cases, *TWICE)[:2])
    np.testing.assert_allclose(
        whole["angular_momentum"], copied["angular_momentum"], rtol=0, atol=1e-9
    )


def test_a_knee_that_the_file_lacks_is_named_and_the_rest_has_a_page(cases, tmp_path):
    printed, text = page(cases, tmp_path, "look_motion_lacks_a_knee")
    assert "coordinates knee_angle_l are not in the file" in printed
    assert "what each joint causes is not known: the motion does not determine leg left" in printed
    assert "oordinates knee_angle_l are not in the file" in text
    assert 'value="cause"' not in text
    for false_reason in ("marker LHEEL", "belongs to no foot", "recorded whole"):
        assert false_reason not in printed
    data = aqbio.joint_contributions(*files(cases, "look_motion_lacks_a_knee"))
    assert np.isnan(data["force"]).all()
    assert np.isfinite(data["measured_force"]).any()


@pytest.mark.parametrize("lacking", ["hip_flexion_r", "ankle_angle_r", "hip_flexion_l"])
def test_a_foot_that_the_file_does_not_place_has_no_late_forces(cases, tmp_path, lacking):
    """Loads under the hidden foot are not in the air."""
    model, motion, forces = files(cases, *TWICE[:2], motion=TWICE[2])
    storage = read_storage(motion)
    kept = [name for name in storage.columns if lacking not in name]
    time, values = (x[:-1] for x in (storage.time, np.stack([*map(storage.column, kept)], axis=1)))
    path = tmp_path / "motion.mot"
    write_storage(path, kept, time, values, in_degrees=bool(storage.in_degrees))
    rules = {finding.rule for finding in read_model_in_motion(model, path, forces).findings}
    assert "coordinates-missing" in rules
    assert not rules & {"force-clock", "plate-misplaced", "forces-foreign", "pressure-outside"}


def test_five_rows_are_refused_by_their_number(cases):
    model, motion, forces = files(cases, "look_motion_of_five_rows")
    for ask in (
        lambda: read_model_in_motion(model, motion, forces),
        lambda: aqbio.momentum(model, motion),
        lambda: aqbio.joint_contributions(model, motion, forces),
    ):
        with pytest.raises(AqbioError, match="5 rows; at least 6 are needed") as refused:
            ask()
        assert refused.value.rule == "motion-rows"


def test_a_motion_cut_to_one_stance_has_no_word_about_a_clock(cases):
    """Its contact is cut at its start; numbers are those of the untrimmed motion."""
    trimmed = levels(cases, "look_motion_trimmed_to_one_stance")
    rules = {finding.rule for finding in trimmed.findings}
    assert not rules & {"force-clock", "force-delay", "clock-apart"}, rules
    assert whole_contacts(trimmed) == ()
    uncut = levels(cases, *TWICE)
    shared = slice(8, 45)  # low-passed ends differ
    for name, limit in (("group_angular_momentum", 0.05), ("ground_force", 5.0)):
        found, expected = (trial.dataset[name].values[shared] for trial in (trimmed, uncut))
        np.testing.assert_allclose(found, expected, rtol=0, atol=limit)


def test_a_planar_model_closes_and_says_what_it_is(cases, tmp_path):
    """Twelve samples of force in a walk of seven rows: level C where they reach, in the plane."""
    printed, text = page(cases, tmp_path, *PLANAR)
    words = "he pelvis of the model cannot list, turn or move sideways (a planar model)"
    assert words in printed
    assert words in text
    assert "is left out" not in printed
    planar = levels(cases, *PLANAR)
    assert max(planar.closures.values()) < 1e-9
    caused = planar.dataset["induced_ground_force"]
    known = np.isfinite(caused).all(("contact_model", "source", "foot", "axis"))
    assert int(known.sum()) == 2
    np.testing.assert_allclose(
        caused.sel(contact_model="C1"), caused.sel(contact_model="C2"), rtol=0, atol=1e-7
    )
    data = aqbio.joint_contributions(*files(cases, *PLANAR))
    np.testing.assert_allclose(
        data["force"].sum("source", skipna=False), data["measured_force"].where(known), atol=1e-7
    )


@pytest.mark.parametrize("case", [IN_FOOT, TWICE])
def test_the_ankle_carries_most_and_the_page_says_how_far_forces_and_motion_agree(cases, case):
    trial = levels(cases, *case)
    causes = vertical_causes(trial)
    assert causes is not None
    assert causes["stance ankle"] == pytest.approx(0.84, abs=0.02)
    assert trial.residual is not None
    assert not trial.residual.is_tolerated  # inverse kinematics of a sprint: soft tissue
    assert trial.drift is not None
    assert trial.drift.drift[0] == pytest.approx(4.5, abs=0.2)
