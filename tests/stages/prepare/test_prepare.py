"""Stage prepare on made-up runs, from files to files."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from aqbio.config.settings import LaboratoryAxes
from aqbio.inverse_kinematics.files import PRESSED, write_recording
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.trc import read_trc, write_trc
from aqbio.recordings.axes import Clues, check_stated, stated_axes
from aqbio.signals import low_pass
from tests.golden import differences
from tests.io.made_c3d import NAME, write_c3d
from tests.refusal import refused
from tests.stages import made_run

C3D = ("fast\trun\trun.c3d\tn/a\tn/a",)
TRC = ("fast\trun\trun.trc\trun_grf.mot\tn/a",)


@pytest.fixture
def study(prepared_study):
    """Give the function that writes a study of given trials and prepares one participant."""
    return prepared_study


def write_run(data: Path, plates=None, points=None, *, labels=made_run.LABELS, name="run"):
    """Write the made run over changed plates or with changed points (ground axes, m)."""
    points = 1e3 * (made_run.markers() if points is None else points) @ made_run.GROUND_TO_VICON.T
    plates = made_run.plates() if plates is None else plates
    write_c3d(data / f"{name}.c3d", list(labels), points, plates=tuple(plates))


def check_contacts(trial):
    known = made_run.known_contacts()
    assert list(trial["contact_foot"].values) == [contact.side for contact in known]
    # 20 N of 2.2 kN are reached 0.4 ms after zero; the 200 Hz filter rounds the corner
    for name, attribute in (("contact_touchdown", "touchdown"), ("contact_toe_off", "toe_off")):
        times = [getattr(contact, attribute) for contact in known]
        np.testing.assert_allclose(trial[name], times, atol=1.5e-3)
    assert trial["contact_complete"].values.all()


def check_loads(trial, belt=0.0, atol=0.5):
    """Foot loads on the clock of the markers are the made ones, low-passed like the markers."""
    assert trial["foot_force"].dims == ("time", "foot", "axis")
    samples = np.arange(len(trial["time"])) * 4
    for foot, side in enumerate(("left", "right")):
        force = sum(one for contact, one, _ in made_run.loads() if contact.side == side)
        time = np.arange(len(force)) / made_run.FORCE_RATE
        moment = 0.0
        for contact, one, share in made_run.loads():
            if contact.side == side:
                back = np.outer(belt * time, [1.0, 0.0, 0.0])
                free = share * one[:, 1:2] * [0.0, 1.0, 0.0]
                moment = moment + np.cross(contact.place - back, one) + free
        smooth = low_pass(force, made_run.FORCE_RATE, 20.0)[samples]
        np.testing.assert_allclose(trial["foot_force"][:, foot], smooth, atol=atol)
        smooth = low_pass(moment, made_run.FORCE_RATE, 20.0)[samples]
        np.testing.assert_allclose(trial["foot_moment"][:, foot], smooth, atol=20 * atol)


def test_c3d_run_on_a_row_of_plates(study):
    made_run.write_c3d_run(study.data / "run.c3d", first_frame=833)
    made_run.write_static(study.data / "static.c3d")
    done = study(["static\tstatic\tstatic.c3d\tn/a\tn/a", "fast\trun\trun.c3d\tn/a\tn/a"])
    trial = done.trial("fast")
    check_contacts(trial)
    check_loads(trial)
    assert trial.attrs["surface"] == "overground"
    assert trial.attrs["belt_speed"] == 0.0
    assert trial.attrs["heading"] == pytest.approx(0.0, abs=1e-6)
    assert "Up is +z" in trial.attrs["axes_reasoning"]
    assert "Forward is +y" in trial.attrs["axes_reasoning"]
    np.testing.assert_array_equal(trial.attrs["lab_to_ground"], made_run.GROUND_TO_VICON.T.ravel())
    np.testing.assert_allclose(trial["marker_raw"], made_run.markers(), atol=2e-6)
    assert list(trial["contact_plates"].values) == ["1", "2", "3", "4", "5", "6"]
    # the foot stands in the middle of plates 0.6 m wide, 0.08 m beside their middle
    np.testing.assert_allclose(trial["contact_edge_distance"], 0.3 - 0.08, atol=1e-4)
    assert done.manifest["mass_source"] == "static"
    assert done.manifest["mass_kg"] == pytest.approx(made_run.MASS, rel=1e-6)
    assert done.manifest["masses_kg"]["strides"] == pytest.approx(made_run.MASS, rel=5e-3)
    assert done.manifest["status"] == "ok"
    assert "plate-never-unloaded" in done.rules("static")
    assert not [rule for rule in done.rules("fast") if rule != "force-columns-zero"]
    assert len(done.said) == 2


LABORATORIES = (
    np.eye(3),
    made_run.GROUND_TO_VICON,
    np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]),
    np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
)


@pytest.mark.parametrize("laboratory", LABORATORIES)
def test_same_run_in_any_laboratory(study, laboratory):
    """Axes, and forces on the runner or on the plates: the prepared trial is the same."""
    rows = [f"{name}\trun\t{name}.c3d\tn/a\tn/a" for name in ("runner", "plates")]
    for name, sign in (("runner", 1.0), ("plates", -1.0)):
        made_run.write_c3d_run(study.data / f"{name}.c3d", laboratory, sign)
    done = study(rows)
    for name in ("runner", "plates"):
        check_contacts(done.trial(name))
        check_loads(done.trial(name))
        assert ("plates-action" in done.rules(name)) == (name == "plates")


@pytest.mark.parametrize(("height", "tilt"), [(-0.022, 0.0), (0.05, 0.0), (0.0, 0.02)])
def test_plates_below_the_floor_and_tilted_ones(study, height, tilt):
    """The wrench in space is the same, whatever the surface that carries it."""
    write_run(study.data, made_run.plates(height=height, tilt=tilt))
    trial = study(C3D).trial("fast")
    check_contacts(trial)
    check_loads(trial)


@pytest.mark.parametrize(
    ("rate", "ratio"), [(200.0, 1083.0), (2000.0 / 8.5, 1000.0), (250.0, 1500.0), (250.0, 2000.0)]
)
def test_every_ratio_of_rates(study, rate, ratio):
    """Forces meet markers by time, not by counting samples: whole ratios and any other."""
    trc, mot = made_run.write_trc_run(study.data, "run")
    storage = read_storage(mot)
    time = np.arange(0.0, storage.time[-1], 1.0 / ratio)
    values = np.column_stack([np.interp(time, storage.time, one) for one in storage.values.T])
    write_storage(mot, storage.columns, time, values, in_degrees=False)
    frames = np.arange(0.0, storage.time[-1], 1.0 / rate)
    truth = made_run.markers()
    instants = np.arange(len(truth)) / made_run.FRAME_RATE
    flat = truth.reshape(len(truth), -1)
    points = np.column_stack([np.interp(frames, instants, one) for one in flat.T])
    write_trc(trc, made_run.LABELS, points.reshape(len(frames), -1, 3), rate)
    trial = study(TRC).trial("fast")
    check_contacts(trial)
    assert trial.attrs["force_rate"] == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize("delay", [0.009, -0.02])
def test_known_delay_of_the_forces_is_taken_back(study, delay):
    """A filter before the export, or a trigger that comes early; contacts are where they were."""
    _, mot = made_run.write_trc_run(study.data, "run")
    storage = read_storage(mot)
    write_storage(mot, storage.columns, storage.time + delay, storage.values, in_degrees=False)
    check_contacts(study(TRC, f"laboratory: {{force_delay_s: {delay}}}\n").trial("fast"))
    wrong = study(TRC).trial("fast")["contact_touchdown"].values
    right = [contact.touchdown for contact in made_run.known_contacts()]
    np.testing.assert_allclose(wrong - right, delay, atol=0.003)


def test_prefixes_unlabelled_markers_and_shuffled_labels(study):
    truth, order = made_run.markers(), np.random.default_rng(3).permutation(len(made_run.LABELS))
    labels = [f"Somebody:{made_run.LABELS[index]}" for index in order] + ["*52", "", "*53"]
    write_run(study.data, None, np.append(truth[:, order], truth[:, :3] + 1.0, 1), labels=labels)
    done = study(C3D)
    trial = done.trial("fast")
    check_contacts(trial)
    for index, label in enumerate(made_run.LABELS):
        own = trial["marker_raw"].sel(marker=label)
        np.testing.assert_allclose(own, truth[:, index], atol=2e-6)
    assert "markers-unlabelled" in done.rules("fast")


@pytest.mark.parametrize(
    ("stated", "wrong"), [(7.5, False), (8.6, False), (7.3, True), (8.7, True)]
)
def test_stated_belt_speed_is_held_against_the_feet(study, stated, wrong):
    """The feet move at 8 m/s; 8 % of that are no contradiction, beyond it theirs is used."""
    made_run.write_trc_run(study.data, "run", belt=made_run.SPEED)
    done = study([f"fast\trun\trun.trc\trun_grf.mot\t{stated}"])
    used = made_run.SPEED if wrong else stated
    assert done.trial("fast").attrs["belt_speed"] == pytest.approx(used, rel=1e-6)
    assert ("belt-speed" in done.rules("fast")) == wrong
    if wrong:
        finding = done.finding("fast", "belt-speed")
        assert (finding["severity"], finding["limit"]) == ("error", stated)
        assert finding["number"] == pytest.approx(8.0)


def test_runs_in_both_directions_of_a_stated_runway(study):
    """The heading of each trial is measured: JA1's tables are the same to the last digit told."""
    made_run.write_c3d_run(study.data / "run.c3d")
    settings = "laboratory: {axes: {forward: -y, up: +z}}\n"
    trial = study(C3D, settings).trial("fast")
    assert abs(trial.attrs["heading"]) == pytest.approx(np.pi)


@pytest.mark.parametrize("degrees", [44.0, 46.0, 59.0, 61.0])
def test_limits_of_stated_axes(degrees):
    """A body may lean by 45 degrees, a run may go 60 degrees across: not more."""
    tip = np.array([np.sin(np.radians(degrees)), np.cos(np.radians(degrees)), 0.0])
    nothing = np.full(3, np.nan)
    upright, ahead = np.array([0.0, 1.0, 0.0]), np.array([5.0, 0.0, 0.0])
    stated = LaboratoryAxes(forward="+x", up="+y")
    for body, travel, limit in (
        (tip, ahead, 45.0),
        (upright, 5.0 * np.array([tip[1], 0.0, tip[0]]), 60.0),
    ):
        clues = Clues(body, nothing, travel, nothing, nothing)
        wrong = refused("axes-contradicted", f"more than {limit:.0f}")
        with wrong if degrees > limit else nullcontext():
            check_stated(stated, stated_axes("+x", "+y"), clues, "run.c3d")


@pytest.mark.parametrize(
    ("true", "belt", "settings", "cell", "forces"),
    [
        ("treadmill", made_run.SPEED, "laboratory: {surface: overground}\n", "n/a", "run_grf.mot"),
        ("overground", 0.0, "laboratory: {surface: treadmill}\n", "n/a", "n/a"),
        ("overground", 0.0, "", "8.0", "run_grf.mot"),
    ],
)
def test_feet_refute_a_surface(study, true, belt, settings, cell, forces):
    """Stated otherwise, speed and direction would come from noise; unstated, it is found."""
    made_run.write_trc_run(study.data, "run", belt=belt)
    entry = study([f"fast\trun\trun.trc\t{forces}\t{cell}"], settings).entry("fast")
    assert entry["status"] == "failed"
    assert entry["findings"][-1]["rule"] == "surface"
    assert "by the left foot in stance" in entry["reason"]
    assert "by the right foot in stance" in entry["reason"]
    for stated in ("", f"laboratory: {{surface: {true}}}\n"):
        right = study([f"fast\trun\trun.trc\t{forces}\tn/a"], stated)
        assert right.trial("fast").attrs["surface"] == true


def test_broken_trials_are_recorded_and_stop_nothing(study):
    made_run.write_c3d_run(study.data / "run.c3d")
    (study.data / "broken.c3d").write_bytes(b"nothing")
    write_trc(study.data / "tiny.trc", made_run.LABELS, 1e-3 * made_run.markers(), 250.0)
    done = study(
        [
            "broken\trun\tbroken.c3d\tn/a\tn/a",
            "absent\trun\tabsent.c3d\tn/a\tn/a",
            "tiny\trun\ttiny.trc\tn/a\tn/a",
            "fast\trun\trun.c3d\tn/a\tn/a",
        ]
    )
    status = {one["trial_id"]: one["status"] for one in done.manifest["trials"]}
    assert status == {"broken": "failed", "absent": "failed", "tiny": "failed", "fast": "ok"}
    assert "cannot be read" in done.entry("broken")["reason"]
    assert "cannot be read" in done.entry("absent")["reason"]
    assert "unit of the markers is wrong" in done.entry("tiny")["reason"]
    finding = done.entry("broken")["findings"][0]
    assert (finding["trial"], finding["participant"]) == ("broken", "P1")
    assert finding["file"] == "file of P1 broken"
    assert finding["fix"]
    check_contacts(done.trial("fast"))
    assert not (done.folder / "broken.nc").exists()


def test_gaps_and_nothing_else_is_blamed(study):
    positions = made_run.markers()
    positions[112:118, 0] = np.nan  # filled: 6 frames in flight
    positions[200:240, 1] = np.nan  # 40 frames stay open
    positions[:40, 0] = np.nan  # before the first touchdown
    contact = made_run.known_contacts()[2]
    frame = round(contact.touchdown * made_run.FRAME_RATE)
    positions[frame - 3 : frame + 3, 2] = np.nan  # across a touchdown: stays open
    write_trc(study.data / "run.trc", made_run.LABELS, positions, 250.0)
    _, forces = made_run.write_trc_run(study.data, "other")
    done = study([f"fast\trun\trun.trc\t{forces.name}\tn/a"])
    trial = done.trial("fast")
    truth = made_run.markers()
    # the pelvis moves uniformly: the spline is exact
    np.testing.assert_allclose(trial["marker_raw"][112:118, 0], truth[112:118, 0], atol=1e-6)
    assert int(trial["marker_filled"].sum()) == 6
    assert np.isnan(trial["marker_raw"][200:240, 1]).all()
    assert np.isnan(trial["marker_raw"][frame - 3 : frame + 3, 2]).all()
    assert differences("prepare/gaps", done.lines("fast")) == []


def test_absent_labels_are_named_and_unknown_ones_are_not(study):
    labels = [label.replace("RPSI", "RPSIS") for label in made_run.LABELS]
    write_trc(study.data / "run.trc", tuple(labels), made_run.markers(), 250.0)
    done = study(["fast\trun\trun.trc\tn/a\tn/a"])
    found = [one for one in done.entry("fast")["findings"] if one["rule"] == "marker-absent"]
    assert len(found) == 1  # RMMAL is worn in the static trial only
    assert "marker RPSI" in found[0]["what"]
    assert "RPSIS" not in str(done.manifest)
    [unknown] = [one for one in done.entry("fast")["findings"] if one["rule"] == "labels-unknown"]
    assert unknown["number"] == 1


def test_trial_without_forces(study):
    """What is said, and what is left, is in tests/golden."""
    write_trc(study.data / "run.trc", made_run.LABELS, made_run.markers(), 250.0)
    done = study(["fast\trun\trun.trc\tn/a\tn/a"])
    trial = done.trial("fast")
    assert trial.attrs["events"] == "kinematic"
    assert np.isnan(trial["foot_force"]).all()
    known = trial.isel(contact=trial["contact_complete"].values)  # a made foot waits at both ends
    assert list(known["contact_foot"].values) == [one.side for one in made_run.known_contacts()]
    for name, at in (("contact_touchdown", "touchdown"), ("contact_toe_off", "toe_off")):
        times = [getattr(one, at) for one in made_run.known_contacts()]
        np.testing.assert_allclose(known[name], times, atol=0.002)  # half a frame
    write_recording(trial, made_run.LABELS, done.folder / "fast")
    assert not (done.folder / "fast_grf.mot").exists()
    assert [one["rule"] for one in done.manifest["findings"]] == ["mass-unknown"]
    assert done.manifest["mass_kg"] is None


def test_ignored_plates_and_markers(study):
    made_run.write_c3d_run(study.data / "run.c3d")
    settings = "laboratory: {ignore_plates: [2], ignore_markers: [LMT5]}\n"
    trial = study(C3D, settings).trial("fast")
    assert list(trial["plate"].values) == [1, 3, 4, 5, 6]
    assert list(trial["contact_plates"].values) == ["1", "3", "4", "5", "6"]
    assert "LMT5" not in trial["marker"].values


def test_cutoff_too_high_for_the_markers(study):
    made_run.write_c3d_run(study.data / "run.c3d")
    done = study(C3D, "prepare: {cutoff_hz: 120}\n")
    assert "120 Hz needs a rate of more than 300 Hz, not 250 Hz" in done.entry("fast")["reason"]
    assert "prepare.cutoff_hz" in done.entry("fast")["findings"][0]["fix"]


def test_plates_and_strides_stop_a_sheet_that_is_wrong(study):
    """They agree on 70 kg; a sheet that says 55 kg would make all momentum 21 % too small."""
    made_run.write_c3d_run(study.data / "run.c3d")
    made_run.write_static(study.data / "static.c3d")
    rows = ["static\tstatic\tstatic.c3d\tn/a\tn/a", "fast\trun\trun.c3d\tn/a\tn/a"]
    done = study(rows, mass="55")
    [finding] = done.manifest["findings"]
    assert (finding["rule"], finding["severity"]) == ("mass-disagreement", "error")
    assert round(finding["number"]) == 70
    assert done.manifest["status"] == "failed"
    assert "the sheet is 55.0 kg" in done.manifest["reason"]
    agreed = study(rows, mass="70")
    assert (agreed.manifest["mass_kg"], agreed.manifest["mass_source"]) == (70.0, "sheet")
    assert agreed.manifest["status"] == "ok"


def test_no_output_holds_the_name_of_a_person(study):
    made_run.write_c3d_run(study.data / "run.c3d")
    assert NAME.encode() in (study.data / "run.c3d").read_bytes()
    done = study(C3D)
    outputs = [path for path in Path("results").rglob("*") if path.is_file()]
    assert len(outputs) == 2
    for path in outputs:
        assert NAME.encode() not in path.read_bytes()
    assert NAME not in repr(done.trial("fast").attrs)


def test_files_for_opensim_hold_the_same(study):
    made_run.write_c3d_run(study.data / "run.c3d")
    done = study(C3D)
    trial = done.trial("fast")
    write_recording(trial, made_run.LABELS, done.folder / "fast")
    trc = read_trc(done.folder / "fast.trc")
    assert trc.labels == made_run.LABELS
    np.testing.assert_allclose(trc.positions, trial["marker_raw"], rtol=0, atol=6e-7)
    forces = read_storage(done.folder / "fast_grf.mot")
    assert forces.in_degrees is False
    np.testing.assert_array_equal(forces.time, trial["time"])
    for letter, side in (("r", "right"), ("l", "left")):
        for number, axis in enumerate("xyz"):
            force = trial["foot_force"].sel(foot=side).values[:, number]
            np.testing.assert_array_equal(forces.column(f"ground_force_{letter}_v{axis}"), force)
        force, point, moment = (
            np.stack([forces.column(f"ground_{name}{axis}") for axis in "xyz"], axis=1)
            for name in (f"force_{letter}_v", f"force_{letter}_p", f"torque_{letter}_")
        )
        whole = trial["foot_moment"].sel(foot=side).values
        np.testing.assert_allclose(np.cross(point, force) + moment, whole, rtol=0, atol=1e-9)
        pressed = force[:, 1] > PRESSED
        assert np.abs(moment[pressed][:, ::2]).max() < 1e-9  # vertical about the pressure's centre
        assert np.abs(np.diff(point, axis=0)).max() < 0.2  # no leap between contacts
