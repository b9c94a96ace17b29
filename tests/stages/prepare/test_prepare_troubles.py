"""Stage prepare on recordings with the troubles of real laboratories, one at a time."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from aqbio.config import Trial
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.recording import Recording
from aqbio.io.trc import write_trc
from aqbio.recordings.trial import check_frames
from tests.io.made_c3d import write_c3d
from tests.refusal import refused
from tests.stages import made_run
from tests.stages.prepare.test_prepare import check_contacts, check_loads

C3D = ["fast\trun\trun.c3d\tn/a\tn/a"]
TRC = ["fast\trun\trun.trc\trun_grf.mot\tn/a"]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def run_with(study, plates=None, points=None, **options):
    """Write the made run over changed plates or with changed points (ground axes, m)."""
    vicon = made_run.GROUND_TO_VICON
    points = 1e3 * (made_run.markers() if points is None else points) @ vicon.T
    plates = made_run.plates() if plates is None else plates
    labels = list(options.pop("labels", made_run.LABELS))
    return write_c3d(study.data / "run.c3d", labels, points, plates=tuple(plates), **options)


def test_noise_plate_is_left_out_by_name(prepared_study, rng):
    """A plate that nobody touches, with noise of 110 N, beside the others."""
    plates = made_run.plates()
    spare = made_run.plates()[0]
    spare.corners = spare.corners + np.array([2000.0, 0.0, 0.0])
    spare.channels = rng.uniform(-110.0, 110.0, spare.channels.shape)
    run_with(prepared_study, [spare, *plates])
    done = prepared_study(C3D)
    check_contacts(done.trial("fast"))
    check_loads(done.trial("fast"))
    assert list(done.trial("fast")["plate"].values) == [2, 3, 4, 5, 6, 7]
    finding = done.finding("fast", "plate-implausible")
    assert "plate 1 is left out: it reads noise of 6" in finding["what"]
    assert done.rules("fast") == ["plate-implausible"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda channels: channels - [0, 0, -400.0, 0, 0, 0], "its offset (-400 N in the middle)"),
        (lambda channels: channels * 20.0, "its force reaches"),
        (lambda channels: 0.0 * channels - [0, 0, 900.0, 0, 0, 0], "it reads 900 N throughout"),
    ],
)
def test_plate_that_no_runner_loads_is_left_out(prepared_study, change, words):
    plates = made_run.plates()
    plates[0].channels = change(plates[0].channels)
    run_with(prepared_study, plates)
    done = prepared_study(C3D)
    assert words in done.finding("fast", "plate-implausible")["what"]
    assert (
        "plate 1 measures nothing (it is left out)" in done.finding("fast", "plate-silent")["what"]
    )
    assert list(done.trial("fast")["contact_plates"].values) == ["", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize(("height", "tilt"), [(-0.022, 0.0), (0.05, 0.0), (0.0, 0.02)])
def test_plates_below_the_floor_and_tilted_ones(prepared_study, height, tilt):
    """The wrench in space is the same, whatever the surface that carries it."""
    run_with(prepared_study, made_run.plates(height=height, tilt=tilt))
    trial = prepared_study(C3D).trial("fast")
    check_contacts(trial)
    check_loads(trial)


@pytest.mark.parametrize("rate", [200.0, 2000.0 / 8.5, 250.0])
@pytest.mark.parametrize("ratio", [1000.0, 1500.0, 2000.0, 1083.0])
def test_every_ratio_of_rates(prepared_study, rate, ratio):
    """Forces meet markers by time, not by counting samples: whole ratios and any other."""
    trc, mot = made_run.write_trc_run(prepared_study.data, "run")
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
    done = prepared_study(TRC)
    check_contacts(done.trial("fast"))
    assert done.trial("fast").attrs["force_rate"] == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize(("declared", "true", "told"), [("mm", "m", "m ("), ("m", "mm", "mm (")])
def test_wrong_unit_is_contradicted_with_the_one_that_fits(prepared_study, declared, true, told):
    size = {"m": 1.0, "mm": 1e-3}
    write_trc(
        prepared_study.data / "run.trc", made_run.LABELS, made_run.markers() / size[true], 250.0
    )
    text = (prepared_study.data / "run.trc").read_text(encoding="utf-8")
    lines = text.split("\n")
    lines[2] = lines[2].replace("\tm\t", f"\t{declared}\t")
    (prepared_study.data / "run.trc").write_text("\n".join(lines), encoding="utf-8")
    row = ["fast\trun\trun.trc\tn/a\tn/a"]
    reason = prepared_study(row).entry("fast")["reason"]
    assert f"It would fit if the positions were in {told}0.58 m" in reason
    stated = prepared_study(row, f"laboratory: {{marker_unit: {true}}}\n")
    assert stated.entry("fast")["status"] == "ok"


def test_prefixes_unlabelled_markers_and_shuffled_labels(prepared_study, rng):
    points = made_run.markers()
    order = rng.permutation(len(made_run.LABELS))
    labels = [f"Somebody:{made_run.LABELS[index]}" for index in order] + ["*52", "", "*53"]
    points = np.concatenate((points[:, order], points[:, :3] + 1.0), axis=1)
    run_with(prepared_study, points=points, labels=labels)
    done = prepared_study(C3D)
    trial = done.trial("fast")
    check_contacts(trial)
    truth = made_run.markers()
    for index, label in enumerate(made_run.LABELS):
        np.testing.assert_allclose(
            trial["marker_raw"].sel(marker=label), truth[:, index], atol=2e-6
        )
    assert "markers-unlabelled" in done.rules("fast")


def test_clipped_plate_is_named_with_its_channel(prepared_study):
    """The amplifier ends at 80 % of the peak of the third force channel."""
    plates = made_run.plates()
    vertical = plates[2].channels[:, 2]
    limit = 0.8 * np.abs(vertical).max()
    plates[2].channels[:, 2] = np.clip(vertical, -limit, limit)
    run_with(prepared_study, plates)
    done = prepared_study(C3D)
    finding = done.finding("fast", "plate-clipped")
    assert "plate 3 stays at the largest value" in finding["what"]
    assert "channel 3 of the plate" in finding["where"]
    assert done.rules("fast").count("plate-clipped") == 1


def test_flicker_is_taken_out_and_filled(prepared_study):
    """One frame half a metre away: a finding, and the path that was there without it."""
    points = made_run.markers()
    points[60, 1] += [0.0, 0.5, 0.0]
    run_with(prepared_study, points=points)
    done = prepared_study(C3D)
    finding = done.finding("fast", "marker-flicker")
    assert (finding["where"], finding["what"][:6]) == ("frames 61", "LASI: ")
    found = done.trial("fast")["marker_raw"].sel(marker="LASI").values
    # the pelvis goes straight: a spline through the frames beside it is exact
    np.testing.assert_allclose(found, made_run.markers()[:, 1], atol=2e-6)


@pytest.mark.parametrize("change", ["late", "fast", "elsewhere"])
def test_forces_of_another_trial_are_not_used(prepared_study, change):
    """Another clock, another rate, another place: most of the force is under no foot."""
    _, mot = made_run.write_trc_run(prepared_study.data, "run")
    storage = read_storage(mot)
    time = storage.time
    if change == "late":
        time = time + 0.24
    elif change == "fast":
        time = time * 0.7
    else:
        columns = [i for i, name in enumerate(storage.columns) if name.endswith("_px")]
        storage.values[:, columns] += 1.5
    write_storage(mot, storage.columns, time, storage.values, in_degrees=False)
    done = prepared_study(TRC)
    assert done.finding("fast", "forces-elsewhere")["severity"] == "error"
    assert done.trial("fast").attrs["events"] != "plates"
    assert done.manifest["mass_kg"] is None


def test_columns_of_zeros_are_not_called_a_missing_file(prepared_study):
    _, mot = made_run.write_trc_run(prepared_study.data, "run")
    storage = read_storage(mot)
    write_storage(mot, storage.columns, storage.time, 0.0 * storage.values, in_degrees=False)
    finding = prepared_study(TRC).finding("fast", "forces-none")
    assert "zero, left out or not declared" in finding["what"]
    assert finding["file"] == "force_file of P1 fast"


def test_static_trial_that_moves_is_refused(prepared_study):
    run_with(prepared_study)
    done = prepared_study([*C3D, "standing\tstatic\trun.c3d\tn/a\tn/a"])
    assert "the person moves about" in done.entry("standing")["reason"]
    assert done.entry("fast")["status"] == "ok"


@pytest.mark.parametrize(("size", "said"), [(5.0, False), (30.0, True)])
def test_noise_of_a_plate_that_is_used_is_said(prepared_study, rng, size, said):
    """White noise: of its root mean square 0.98 lies above 20 Hz at 1000 Hz."""
    plates = made_run.plates()
    plates[3].channels[:, :3] += rng.normal(0.0, size, plates[3].channels[:, :3].shape)
    run_with(prepared_study, plates)
    done = prepared_study(C3D)
    assert ("plate-noisy" in done.rules("fast")) is said
    if said:
        finding = done.finding("fast", "plate-noisy")
        assert "plate 4 reads noise" in finding["what"]
        assert finding["number"] == pytest.approx(0.98 * size, rel=0.1)


def test_body_that_is_labelled_the_wrong_way_round(prepared_study, monkeypatch):
    """Left is right and right is left: neither the static trial nor the run is used."""
    other = {"L": "R", "R": "L"}
    exchanged = tuple(other[label[0]] + label[1:] for label in made_run.LABELS)
    monkeypatch.setattr(made_run, "LABELS", exchanged)
    made_run.write_static(prepared_study.data / "standing.c3d")
    run_with(prepared_study, labels=exchanged)
    done = prepared_study([*C3D, "standing\tstatic\tstanding.c3d\tn/a\tn/a"])
    assert "the leg labelled right (RHEEL, RTOE, RMT5) is 0.23" in done.entry("standing")["reason"]
    assert "the leg labelled right (RHEEL, RTOE, RMT5) is" in done.entry("fast")["reason"]
    assert done.entry("fast")["findings"][-1]["rule"] == "sides-exchanged"


@pytest.mark.parametrize("delay", [0.009, -0.02])
def test_known_delay_of_the_forces_is_taken_back(prepared_study, delay):
    """A filter before the export, or a trigger that comes early; contacts are where they were."""
    _, mot = made_run.write_trc_run(prepared_study.data, "run")
    storage = read_storage(mot)
    late = storage.time + delay
    write_storage(mot, storage.columns, late, storage.values, in_degrees=False)
    done = prepared_study(TRC, f"laboratory: {{force_delay_s: {delay}}}\n")
    check_contacts(done.trial("fast"))
    wrong = prepared_study(TRC).trial("fast")["contact_touchdown"].values
    right = [contact.touchdown for contact in made_run.known_contacts()]
    np.testing.assert_allclose(wrong - right, delay, atol=0.003)


def displaced(plates, which, shift):
    """Plates of which one is elsewhere than its corners say, by ``shift`` (3,), mm, laboratory."""
    plates[which].corners = plates[which].corners + np.asarray(shift)
    return plates


@pytest.mark.parametrize(("shift", "said"), [(-58.0, False), (-62.0, True)])
def test_plate_that_lies_elsewhere_is_named(prepared_study, shift, said):
    """The made centre of pressure is on the line from heel to toe; shifted to the inside."""
    run_with(prepared_study, displaced(made_run.plates(), 3, [shift, 0.0, 0.0]))
    done = prepared_study(C3D)
    assert ("pressure-outside" in done.rules("fast")) is said
    if said:
        finding = done.finding("fast", "pressure-outside")
        assert finding["what"].startswith("plate 4: in 1 of 1 contacts the centre of pressure")
        assert finding["severity"] == "warning"


@pytest.mark.parametrize(("share", "said"), [(0.024, False), (0.028, True)])
def test_free_moment_that_no_shoe_makes(prepared_study, share, said):
    """The made free moment is 4 mm times the force; 24 and 28 mm more are either side of 30."""
    plates = made_run.plates()
    vertical = plates[2].channels[:, 2:3]
    plates[2].channels[:, 5:6] += (
        1e3 * share * vertical * np.sign(plates[2].channels[:, 5].sum()) * np.sign(vertical.sum())
    )
    run_with(prepared_study, plates)
    done = prepared_study(C3D)
    assert ("free-moment-large" in done.rules("fast")) is said
    if said:
        what = done.finding("fast", "free-moment-large")["what"]
        assert what.startswith("plate 3: in 1 of 1 contacts the free moment is too large")
        assert "32 mm times the force" in what


def test_plate_that_is_unloaded_too_shortly_is_not_called_loaded(prepared_study):
    """A belt for both feet with flights of 80 ms: the offset needs 100 ms without load."""
    _, mot = made_run.write_trc_run(prepared_study.data, "run")
    storage = read_storage(mot)
    columns = {axis: storage.columns.index(f"ground_force_l_v{axis}") for axis in "xyz"}
    time = storage.time
    on = (time % 0.24) < 0.16
    storage.values[:, columns["y"]] = np.where(
        on, 1500.0 * np.sin(np.pi * (time % 0.24) / 0.16), 0.0
    )
    write_storage(mot, storage.columns, storage.time, storage.values, in_degrees=False)
    done = prepared_study(TRC)
    what = done.finding("fast", "plate-offset-unknown")["what"]
    assert "is unloaded for at most 8" in what
    assert "plate-never-unloaded" not in done.rules("fast")


@pytest.mark.parametrize(("end", "wrong"), [(0.59, False), (0.61, True), (None, True)])
def test_lost_frames_after_the_last_instant_used_do_no_harm(end, wrong):
    """Ten frames are gone: from there on the markers' clock is 40 ms ahead of the plates'."""
    points = np.delete(np.tile(made_run.markers(), (1, 2, 1)), slice(150, 160), axis=0)
    labels = (*made_run.LABELS, *(f"{label}2" for label in made_run.LABELS))
    recording = Recording(labels, points, made_run.FRAME_RATE)
    trial = Trial(participant_id="P1", trial_id="fast", task="run", file="run.c3d", end_s=end)
    with refused("frames-lost", "frames are lost") if wrong else nullcontext():
        check_frames(recording, trial, "run.c3d")


def test_exchanged_plates_are_named_and_their_forces_are_not_used(prepared_study):
    plates = made_run.plates()
    plates[0].channels, plates[3].channels = plates[3].channels, plates[0].channels
    run_with(prepared_study, plates)
    done = prepared_study(C3D)
    finding = done.finding("fast", "plates-exchanged")
    assert finding["severity"] == "error"
    assert "plate" in finding["what"]


def test_runs_of_two_people_stop_the_participant(prepared_study):
    """One run is that of somebody a twelfth larger."""
    run_with(prepared_study)
    made_run.write_static(prepared_study.data / "static.c3d")
    vicon = made_run.GROUND_TO_VICON
    points = 1.08e3 * made_run.markers() @ vicon.T
    write_c3d(prepared_study.data / "other.c3d", list(made_run.LABELS), points, plates=())
    done = prepared_study([*C3D, "other\trun\tother.c3d\tn/a\tn/a"])
    rules = [one["rule"] for one in done.manifest["findings"]]
    assert "another-person" in rules
    assert "1.08" in done.manifest["reason"]


def test_a_recording_without_pelvis_and_heels_has_no_axes(prepared_study):
    keep = [i for i, label in enumerate(made_run.LABELS) if label[1:] not in ("HEE", "PSI", "ASI")]
    labels = [made_run.LABELS[i] for i in keep]
    run_with(prepared_study, points=made_run.markers()[:, keep], labels=labels)
    entry = prepared_study(C3D).entry("fast")
    assert entry["status"] == "failed"
    assert [one["rule"] for one in entry["findings"]][-1] == "axes-unknown"


def test_somebody_who_only_stands_is_named(prepared_study):
    made_run.write_static(prepared_study.data / "static.c3d")
    done = prepared_study(["standing\tstatic\tstatic.c3d\tn/a\tn/a"])
    assert "no-moving-trial" in [one["rule"] for one in done.manifest["findings"]]


def test_forces_that_are_no_numbers_fail_their_trial_and_no_other(prepared_study):
    """Two samples are enough: nobody knows what the plate carried there."""
    for name in ("run", "other"):
        made_run.write_trc_run(prepared_study.data, name)
    mot = prepared_study.data / "run_grf.mot"
    storage = read_storage(mot)
    storage.values[400:402, storage.columns.index("ground_force_r_vy")] = np.nan
    write_storage(mot, storage.columns, storage.time, storage.values, in_degrees=False)
    done = prepared_study([*TRC, "good\trun\tother.trc\tother_grf.mot\tn/a"])
    assert "2 of " in done.entry("fast")["reason"]
    assert "from 0.400 to 0.401 s" in done.finding("fast", "force-no-number")["where"]
    check_contacts(done.trial("good"))


def test_contact_after_the_end_of_the_motion_is_said_to_be_that(prepared_study):
    """The markers end before the last contact; nothing is wrong with its plate."""
    trc, _ = made_run.write_trc_run(prepared_study.data, "run")
    last = made_run.known_contacts()[-1]
    frames = round((last.touchdown + 0.02) * made_run.FRAME_RATE)
    write_trc(trc, made_run.LABELS, made_run.markers()[:frames], made_run.FRAME_RATE)
    done = prepared_study(TRC)
    finding = done.finding("fast", "contact-outside")
    assert "the motion is recorded from 0 to 1.5" in finding["what"]
    assert "contact-nobody" not in done.rules("fast")
    assert "ignore_plates" not in finding["fix"]
