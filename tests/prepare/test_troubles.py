"""Runs of sound and of troubled laboratories: findings, and the loads of those that are sound.

Faults of plates and markers, by themselves and in pairs, are drawn in tests/prepare.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from aqbio.filters import low_pass
from aqbio.inverse_kinematics.files import MIN_COP_FORCE_N, write_recording
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.trc import read_trc, write_trc
from tests import made_run
from tests.case_lines import undescribed
from tests.golden import changed, differences
from tests.io.made_c3d import write_c3d

C3D = ("fast\trun\trun.c3d\tn/a\tn/a",)
BARE = ("fast\trun\trun.trc\tn/a\tn/a",)
STATIC = "static\tstatic\tstatic.c3d\tn/a\tn/a"
VERTICAL = 2
"""Channel of the vertical force of a made plate."""


def write_run(data: Path, plates=None, points=None, *, labels=made_run.LABELS, name="run"):
    """Write the made run over changed plates or with changed points (ground axes, m)."""
    points = 1e3 * (made_run.markers() if points is None else points) @ made_run.GROUND_TO_VICON.T
    plates = made_run.plates() if plates is None else plates
    write_c3d(data / f"{name}.c3d", list(labels), points, plates=tuple(plates))


def check_contacts(trial):
    true_contacts = made_run.known_contacts()
    assert list(trial["contact_foot"].values) == [contact.side for contact in true_contacts]
    # 20 N of 2.2 kN are reached 0.4 ms after zero; the 200 Hz filter rounds the corner
    for name, attribute in (("contact_touchdown", "touchdown"), ("contact_toe_off", "toe_off")):
        times = [getattr(contact, attribute) for contact in true_contacts]
        np.testing.assert_allclose(trial[name], times, atol=1.5e-3)
    assert trial["contact_complete"].values.all()


def check_loads(trial):
    """Foot loads on the clock of the markers are the made ones, low-passed like the markers."""
    samples = np.arange(len(trial["time"])) * 4
    for foot, side in enumerate(("left", "right")):
        of_foot = [load for load in made_run.loads() if load[0].side == side]
        force = sum(force_of for _, force_of, _ in of_foot)
        moment = sum(
            made_run.wrench(contact, at, share, np.zeros(3)) for at, contact, share in of_foot
        )
        for name, true, limit in (("foot_force", force, 1.0), ("foot_moment", moment, 20.0)):
            smooth = low_pass(true, made_run.FORCE_RATE, 20.0)[samples]
            np.testing.assert_allclose(trial[name][:, foot], smooth, atol=limit)


def check_ground(trial, height):
    """A belt moves and a runway does not; plates lie in place; the run is straight."""
    assert trial.attrs["surface_height"] == pytest.approx(height, abs=1e-3)
    assert (trial.attrs["belt_speed"] > 7.0) == (trial.attrs["surface"] == "treadmill")
    assert abs(np.sin(trial.attrs["heading"])) < 0.01


def plates(data: Path, height=0.0, tilt=0.0, spare=0.0, across=0.0, exchanged=(0, 0)) -> None:
    """Displaced plates, or an additional unloaded plate, with noise of so many N."""
    row_of_plates = made_run.plates(height=height, tilt=tilt)
    row_of_plates[3].corners = row_of_plates[3].corners + np.array([across, 0.0, 0.0])
    first, second = (row_of_plates[index] for index in exchanged)
    first.channels, second.channels = second.channels, first.channels
    if spare:
        spare_plate = made_run.plates()[0]
        spare_plate.corners = spare_plate.corners + np.array([2000.0, 0.0, 0.0])
        spare_plate.channels = np.random.default_rng(3).uniform(
            -spare, spare, spare_plate.channels.shape
        )
        row_of_plates.insert(0, spare_plate)
    write_run(data, row_of_plates)


def channel(
    data: Path, index: int, add=0.0, factor=1.0, drift=0.0, noise=0.0, clip=2.0, free=0.0, dead=()
) -> None:
    """One plate's forces are changed, its free moment by a share of the vertical force, m."""
    row_of_plates = made_run.plates()
    plate_channels = row_of_plates[index].channels
    plate_channels *= factor
    vertical = plate_channels[:, VERTICAL]
    plate_channels[:, 5] += (
        1e3 * free * vertical * np.sign(plate_channels[:, 5].sum() * vertical.sum())
    )
    limit = clip * np.abs(vertical).max()
    plate_channels[:, VERTICAL] = (
        np.clip(vertical, -limit, limit) + add + np.linspace(0.0, drift, len(plate_channels))
    )
    plate_channels[:, :3] += np.random.default_rng(3).normal(0.0, noise, (len(plate_channels), 3))
    plate_channels[:, list(dead)] = 0.0
    write_run(data, row_of_plates)


def markers(data: Path, lifted=0.0, worn=made_run.LABELS) -> None:
    """One marker flickers in one frame, or few are worn."""
    points = made_run.markers()
    points[60, 1] += [0.0, lifted, 0.0]
    columns = [made_run.LABELS.index(label) for label in worn]
    write_run(data, points=points[:, columns], labels=worn)


def forces(
    data: Path, late=0.0, faster=1.0, ahead=0.0, gain=1.0, gap=(0, 0), pulse=None, stride=1,
    silent=(),
) -> None:  # fmt: skip
    """Forces on another clock, elsewhere, without numbers, or of a belt that is hardly unloaded.

    Components are silent on all plates. Flights of 80 ms follow pulses of 160 ms: the offset needs
    100 ms without load.
    """
    _, path = made_run.write_trc_run(data, "run")
    storage = read_storage(path)
    columns, values = storage.columns, gain * storage.values
    values[:, [i for i, name in enumerate(columns) if name.endswith("_px")]] += ahead
    values[slice(*gap), columns.index("ground_force_r_vy")] = np.nan
    if pulse is not None:
        since = storage.time % 0.24
        load = np.where(since < pulse, 1500.0 * np.sin(np.pi * since / pulse), 0.0)
        values[:, columns.index("ground_force_l_vy")] = load
    values[:, [i for i, name in enumerate(columns) if name.endswith(tuple(silent))]] = 0.0
    time = faster * storage.time[::stride] + late
    write_storage(path, columns, time, values[::stride], in_degrees=False)


def trc(
    data: Path, belt=0.0, size=1.0, unit="m", until=None, missing_label="", renamed=None, hidden=(),
    cutoff=None,
) -> None:  # fmt: skip
    """The made run as TRC and MOT, with other markers, labels or a wrong unit in the header."""
    path, _ = made_run.write_trc_run(data, "run", belt)
    columns = [n for n, label in enumerate(made_run.LABELS) if label != missing_label]
    labels = [
        (renamed or {}).get(label, label) for label in made_run.LABELS if label != missing_label
    ]
    points = size * made_run.markers(belt)
    for first, last, worn in hidden:
        points[first:last, [made_run.LABELS.index(label) for label in worn]] = np.nan
    points = points if cutoff is None else low_pass(points, made_run.FRAME_RATE, cutoff)
    write_trc(path, labels, points[:until, columns], made_run.FRAME_RATE)
    text = path.read_text(encoding="utf-8").replace("\tm\t", f"\t{unit}\t", 1)
    path.write_text(text, encoding="utf-8")


def laboratory(data: Path, number: int, sign: float) -> None:
    """Axes of four laboratories; forces on the runner or on the plates."""
    axes = (
        np.eye(3),
        made_run.GROUND_TO_VICON,
        np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]),
        np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    )[number]
    made_run.write_c3d_run(data / "run.c3d", axes, sign, first_frame=833)


def rates(data: Path, markers: float, forces: float) -> None:
    """Whole ratios of rates and any other."""
    trc, mot = made_run.write_trc_run(data, "run")
    storage = read_storage(mot)
    time = np.arange(0.0, storage.time[-1], 1.0 / forces)
    values = np.column_stack([np.interp(time, storage.time, column) for column in storage.values.T])
    write_storage(mot, storage.columns, time, values, in_degrees=False)
    frames, truth = np.arange(0.0, storage.time[-1], 1.0 / markers), made_run.markers()
    instants, flat = np.arange(len(truth)) / made_run.FRAME_RATE, truth.reshape(len(truth), -1)
    points = np.column_stack([np.interp(frames, instants, column) for column in flat.T])
    write_trc(trc, made_run.LABELS, points.reshape(len(frames), -1, 3), markers)


def shuffled(data: Path) -> None:
    """Prefixes, unlabelled markers, another order."""
    truth, order = made_run.markers(), np.random.default_rng(3).permutation(len(made_run.LABELS))
    labels = [f"Somebody:{made_run.LABELS[index]}" for index in order] + ["*52", "", "*53"]
    write_run(data, None, np.append(truth[:, order], truth[:, :3] + 1.0, 1), labels=labels)


RUNS = yaml.safe_load(Path(__file__).with_name("runs.yaml").read_text("utf-8"))
MAKERS = (plates, channel, markers, forces, trc, laboratory, rates, shuffled)


USUAL = (
    "ok: ",
    "contact_foot: left right left right left right",
    f"marker: {' '.join(made_run.LABELS)}",
    "axis: x y z",
    "foot: left right",
    "surface: overground",
    "events: plates",
    "free_moment: measured",
    "trial_id: fast",
    "participant_id: P1",
    "stage: prepare",
)
"""What most of these runs say of themselves: golden text has what others say, and do not."""


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in RUNS for name in RUNS[kind]])
def test_planted_trouble_gives_only_its_findings(prepared_study, kind, name):
    run = RUNS[kind][name]
    [make] = [maker for maker in MAKERS if maker.__name__ in run]
    make(prepared_study.data, **run[make.__name__])
    row = ["fast", "run", *run.get("row", "run.c3d n/a n/a").split()]
    prepared = prepared_study(["\t".join(row)], f"{run.get('settings', '')}\n")
    file = re.sub(r"[^\w.-]+", "_", name)
    lines = list(prepared.lines("fast"))
    assert differences(f"prepare/{file}", changed(USUAL, lines) if "ok: " in lines else lines) == []
    if prepared.entry("fast")["status"] == "ok":
        check_ground(prepared.trial("fast"), run.get("plates", {}).get("height", 0.0))
    if kind in ("sound", "timed"):
        check_contacts(prepared.trial("fast"))
    if kind == "sound":
        check_loads(prepared.trial("fast"))


PEOPLE: dict[str, tuple[tuple[str, ...], str]] = {
    "sound": ((STATIC, *C3D), "n/a"),
    "of the mass that the plates say": ((STATIC, *C3D), "70"),
    "a quarter too light": ((STATIC, *C3D), "55"),
    "runs of two people": ((STATIC, *C3D, "large\trun\tlarge.c3d\tn/a\tn/a"), "n/a"),
    "somebody who only stands": ((STATIC,), "n/a"),
    "somebody without forces": (BARE, "n/a"),
    "static trials that move or are labelled the wrong way": (
        (*C3D, "moving\tstatic\trun.c3d\tn/a\tn/a", "turned\tstatic\tturned.c3d\tn/a\tn/a"), "n/a"
    ),
    "broken files": (
        (*C3D, "broken\trun\tbroken.c3d\tn/a\tn/a", "absent\trun\tabsent.c3d\tn/a\tn/a"), "n/a"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PEOPLE)
def test_golden_words_of_participants(prepared_study, monkeypatch, name):
    """One trial is another's of a twelfth more; a broken file stops no other."""
    rows, mass = PEOPLE[name]
    data = prepared_study.data
    write_run(data)
    made_run.write_trc_run(data, "run")
    made_run.write_static(data / "static.c3d")
    write_run(data, [], 1.08 * made_run.markers(), name="large")
    (data / "broken.c3d").write_bytes(b"nothing")
    opposite = {"L": "R", "R": "L"}
    exchanged = tuple(opposite[label[0]] + label[1:] for label in made_run.LABELS)
    with monkeypatch.context() as patched:
        patched.setattr(made_run, "LABELS", exchanged)
        made_run.write_static(data / "turned.c3d")
    prepared = prepared_study(rows, mass=mass)
    lines = [f"{key}: {prepared.manifest[key]}" for key in ("status", "reason", "mass_source")]
    lines += [f"{key}: {value:.8e}" for key, value in prepared.manifest["masses_kg"].items()]
    lines += [f"{trial} {line}" for trial in (row.partition("\t")[0] for row in rows)
             for line in prepared.lines(trial)]  # fmt: skip
    assert differences(f"prepare/people_{name.replace(' ', '_')}", lines) == []
    if name == "of the mass that the plates say":
        assert not undescribed(prepared.trial("fast"))
        assert prepared.manifest["masses_kg"]["static"] == pytest.approx(made_run.MASS, rel=1e-6)
        assert prepared.manifest["masses_kg"]["strides"] == pytest.approx(made_run.MASS, rel=5e-3)


def test_files_for_opensim_hold_the_same(prepared_study):
    made_run.write_c3d_run(prepared_study.data / "run.c3d")
    prepared = prepared_study(C3D)
    trial = prepared.trial("fast")
    write_recording(trial, made_run.LABELS, prepared.folder / "fast")
    trc = read_trc(prepared.folder / "fast.trc")
    assert trc.labels == made_run.LABELS
    np.testing.assert_allclose(trc.positions, trial["marker_raw"], rtol=0, atol=6e-7)
    forces = read_storage(prepared.folder / "fast_grf.mot")
    assert forces.in_degrees is False
    np.testing.assert_array_equal(forces.time, trial["time"])
    for letter, side in (("r", "right"), ("l", "left")):
        force, point, moment = (
            np.stack([forces.column(f"ground_{name}{axis}") for axis in "xyz"], axis=1)
            for name in (f"force_{letter}_v", f"force_{letter}_p", f"torque_{letter}_")
        )
        np.testing.assert_array_equal(force, trial["foot_force"].sel(foot=side))
        moment_of_foot = trial["foot_moment"].sel(foot=side).values
        np.testing.assert_allclose(
            np.cross(point, force) + moment, moment_of_foot, rtol=0, atol=1e-9
        )
        pressed = force[:, 1] > MIN_COP_FORCE_N
        assert np.abs(moment[pressed][:, ::2]).max() < 1e-9  # vertical about the pressure's centre
        assert np.abs(np.diff(point, axis=0)).max() < 0.2  # no leap between contacts
