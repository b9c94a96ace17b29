"""What a folder of recordings says by itself: whose, which trial, which files together."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.intake.folder import MarkerFacts, StorageFacts, folder_content
from aqbio.intake.models import SIZES, ScaledModel, models_of_people, scaling_signs
from aqbio.intake.people import (
    clock_mismatch,
    copies,
    force_files,
    marker_vocabularies,
    owners_of,
    people_of,
    trial_names,
)
from aqbio.intake.rows import rows_of
from aqbio.intake.study import _other_marker_sets, gathered_study
from aqbio.io.mot import write_storage
from aqbio.io.trc import write_trc
from aqbio.recordings.body_size import Lengths
from aqbio.recordings.shared_frames import Movement
from tests.recorded_study import RATE, recorded_figure
from tests.refusal import refused


def _markers(
    file, *, frames=500, still=False, plates=0, labels=("RASI", "LASI"), movement=None, size=1.0
):
    """One recording; of a seed for `movement` there are labels and positions, too."""
    moved, lengths = Movement(), Lengths()
    if movement is not None:
        labels = "abcdefghij"
        positions = size * _moving_body(movement, frames, still=still)
        moved, lengths = Movement.of(labels, positions, 100.0), Lengths.of(labels, positions)
    return MarkerFacts(Path(file), tuple(labels), frames, 100.0, 0.0, still, plates, moved, lengths)


def _moving_body(seed, frames, *, still):
    """A body of ten rigid markers (T, 10, 3) that turns and goes about, m."""
    body = np.random.default_rng(0).normal(0.0, 0.4, (10, 3))
    if still:
        return np.tile(body, (frames, 1, 1))
    time = np.arange(frames)[:, None] / 100.0
    rate, phase = np.random.default_rng(seed).uniform(1.0, 6.0, (2, 6))
    way = np.sin(rate * time + phase)
    turns = Rotation.from_rotvec(way[:, :3]).as_matrix()
    return np.einsum("tij,mj->tmi", turns, body) + way[:, None, 3:]


def _forces(file, start=0.0, end=5.0):
    return StorageFacts(Path(file), start, end, 1000.0)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # folders that only sort files are nobody
        (["c3d/a.c3d", "trc_mot/b.trc", "Day 1/c.trc"], ["S01", "S01", "S01"]),
        # a code stays, a name does not
        (["P07/a.c3d", "P08/raw/a.c3d"], ["P07", "P08"]),
        (["Ada Lovelace/a.c3d", "Grace Hopper/a.c3d"], ["S01", "S02"]),
        # what all share is nobody either
        (["Study (final)/P1/a.c3d", "Study (final)/P2/Session 1/a.c3d"], ["P1", "P2"]),
        (["Study (final)/a.c3d", "Study (final)/static/b.c3d"], ["S01", "S01"]),
        (["P1_static.c3d", "P1_fast.c3d"], ["P1", "P1"]),
        # one folder: the first part of the names, if it is a shared code
        (
            ["P1_static.c3d", "P1_fast.c3d", "P2_static.c3d", "P2_fast.c3d"],
            ["P1", "P1", "P2", "P2"],
        ),
        (["static_1.c3d", "sprint_1.c3d", "sprint_2.c3d"], ["S01", "S01", "S01"]),
        (
            ["sub-03_run-1.trc", "sub-03_run-2.trc", "sub-04_a.trc", "sub-04_b.trc"],
            ["sub03"] * 2 + ["sub04"] * 2,
        ),
    ],
)
def test_whose_recordings_they_are(files, expected):
    assert list(people_of([Path(file) for file in files]).values()) == expected


@pytest.mark.parametrize(
    ("files", "standing", "people"),
    [
        # conditions as folders, beside the only static trial
        (["P01/static.c3d", "P01/slow/m.c3d", "P01/fast/m.c3d"], 1, 1),
        (["static/m.c3d", "slow/m.c3d", "fast/m.c3d"], 1, 1),
        # two static trials are two people's
        (["static/a.c3d", "static/b.c3d", "Ada/m.c3d", "Grace/m.c3d"], 2, 3),
        # codes are people, and so is a folder with runs of its own beside the static trial
        (["static/m.c3d", "P01/m.c3d", "P02/m.c3d"], 1, 3),
        (["Ada/static.c3d", "Ada/run.c3d", "Grace/run.c3d"], 1, 2),
    ],
)
def test_folders_of_conditions_are_one_persons(files, standing, people):
    paths = [Path(file) for file in files]
    assert len(set(people_of(paths, paths[:standing]).values())) == people


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["Ada_Lovelace_static.c3d", "Ada_Lovelace_sprint.c3d"], ["static", "sprint"]),
        (["sprint01.c3d", "sprint02.c3d"], ["sprint01", "sprint02"]),
        (["SlowRun.c3d", "FastRun.c3d"], ["SlowRun", "FastRun"]),  # a shared end is none
        (["A_slow.c3d", "A_fast.c3d"], ["slow", "fast"]),
        (["A_slow1.c3d", "A_fast1.c3d"], ["slow1", "fast1"]),
        (["a/run.trc", "b/run.trc"], ["run", "run_2"]),
        # names that only say what kind of file it is
        (["run200/markers.trc", "run300/markers.trc"], ["run200", "run300"]),
        (["c3d/markers.trc", "trc/markers.trc"], ["markers", "markers_2"]),
        # a person's name is not among what tells the trials apart
        (["Day1/Ada Smith/run.trc", "Day2/Ada Smith/run.trc"], ["Day1_run", "Day2_run"]),
        (["Läufer 1.c3d"], ["1"]),
        (
            ["Ada Lovelace/Static 01.c3d", "Ada Lovelace/Lovelace sprint (2).c3d"],
            ["Static_01", "sprint_2"],
        ),
    ],
)
def test_what_trials_are_called(files, expected):
    assert list(trial_names([Path(file) for file in files]).values()) == expected


PEOPLE = (
    "Usain_Bolt",
    "UsainBolt",
    "usainbolt",
    "Bolt, Usain",
    "Bolt2",
    "Jürgen",
    "Vik",
    "Max",
    "UB1",
)


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("file", ["{}/{}_9ms.c3d", "{}-sprint.trc", "{} 03.c3d", "{}.c3d"])
def test_no_name_of_a_person_becomes_an_id(name, file):
    """Neither of participants nor of trials, wherever it stands in a path."""
    other = Path("Florence Griffith/static 1.c3d")
    files = [Path(file.format(name, name)), other]
    ids = [*trial_names(files, [other]).values(), *people_of(files).values()]
    for part in re.findall("[a-z]+", name.casefold()):
        assert not any(part in one.casefold() for one in ids if one != "UB1"), ids


def test_what_changes_the_forces_is_left_out_unless_a_person_says_otherwise():
    """A load in the name of a run, or of its folder; never of a standing trial."""
    files = {"static_vest.c3d": True, "unloaded.c3d": False, "sled/run1.c3d": False}
    files |= {"ThighLoad_run2.c3d": False, "vestibular.c3d": False}
    markers = [_markers(file, still=still) for file, still in files.items()]
    rows = rows_of(markers, {}, owners_of(markers))
    left_out = {row.file for row in rows.trials if row.include == "no"}
    assert left_out == {"sled/run1.c3d", "ThighLoad_run2.c3d"}
    assert all("not modelled" in row.found for row in rows.trials if row.include == "no")


def test_forces_go_with_the_markers_of_that_name_and_time():
    markers = [
        _markers("run/motion_capture_run.trc"),
        _markers("run/static_run.trc", still=True),
        _markers("walk/motion_capture_walk.trc"),
        _markers("c3d/with_plates.c3d", plates=4),
    ]
    forces = [_forces("run/grf_run.mot"), _forces("walk/grf_walk.mot")]
    found = {str(k): str(v.file) for k, v in force_files(markers, forces).items()}
    assert found == {
        "run/motion_capture_run.trc": "run/grf_run.mot",
        "walk/motion_capture_walk.trc": "walk/grf_walk.mot",
    }


def test_forces_in_folders_of_their_own_go_with_their_trial_and_person():
    """Equal names in parallel folders: the old pairing took any of them."""
    files = ["P1/markers/run.trc", "P2/markers/run.trc", "run200/markers.trc", "run300/markers.trc"]
    others = ["P2/forces/run.mot", "P1/forces/run.mot", "forces/run300/grf.mot", "run200/grf.mot"]
    found = force_files([_markers(file) for file in files], [_forces(file) for file in others])
    assert {str(k): str(v.file) for k, v in found.items()} == {
        "P1/markers/run.trc": "P1/forces/run.mot",
        "P2/markers/run.trc": "P2/forces/run.mot",
        "run200/markers.trc": "run200/grf.mot",
        "run300/markers.trc": "forces/run300/grf.mot",
    }


def test_forces_that_could_be_exchanged_are_not_paired():
    markers = [_markers("a/markers.trc"), _markers("b/markers.trc")]
    assert force_files(markers, [_forces("x/grf.mot"), _forces("y/grf.mot")]) == {}
    assert len(force_files(markers, [_forces("a/grf.mot"), _forces("b/grf.mot")])) == 2


def test_forces_of_another_time_belong_to_nobody():
    markers = [_markers("run/motion_capture_run.trc")]
    late = [_forces("run/grf_run.mot", 60.0, 65.0)]
    assert force_files(markers, late) == {}
    assert "share no time (60 to 65 s, 0 to " in clock_mismatch(markers, late[0])
    assert not clock_mismatch(markers, _forces("run/grf_run.mot"))
    assert not clock_mismatch(markers, _forces("walk/grf_walk.mot", 60.0, 65.0))


def test_one_recording_is_one_trial():
    """The export with plates stays, of others the one with most labels; forces go with it."""
    c3d, trc = _markers("c3d/a.c3d", plates=8, movement=1), _markers("b.trc", movement=1)
    other = _markers("c.trc", movement=2)
    repeated, _ = copies([trc, other, c3d], {})
    assert repeated == {trc.file: c3d.file}
    fewer = replace(trc, file=Path("d.trc"), labels=trc.labels[:5])
    forces = {fewer.file: _forces("d.mot")}
    assert copies([fewer, trc], forces) == ({fewer.file: trc.file}, {trc.file: forces[fewer.file]})
    later = replace(trc, first_time=0.2)  # another clock: the forces stay where they fit
    assert copies([fewer, later], forces) == ({later.file: fewer.file}, forces)


def test_the_same_recording_of_two_people_is_kept():
    """It is ``check`` that refuses it: one of two people is wrong, and no file says which."""
    mine, theirs = _markers("P1/a.c3d", movement=1), _markers("P2/a.c3d", movement=1)
    assert copies([mine, theirs], {})[0] == {}


@pytest.mark.parametrize(
    ("files", "people"),
    [
        # one folder, two sizes
        ({"a.trc": 1.0, "b.trc": 1.08, "c.trc": 1.0}, [["a.trc", "c.trc"], ["b.trc"]]),
        ({"a.trc": 1.0, "b.trc": 1.01}, [["a.trc", "b.trc"]]),
        # millimetres read as metres are nobody's size
        ({"a.trc": 1.0, "b.trc": 1000.0}, [["a.trc", "b.trc"]]),
        # codes stay
        (
            {"P07/a.trc": 1.0, "P07/b.trc": 0.9, "P08/c.trc": 1.0},
            [["P07/a.trc"], ["P07/b.trc"], ["P08/c.trc"]],
        ),
        # static trials that lie apart go to the person of their size
        (
            {"Ada static/a.trc": 1.0, "Bea static/b.trc": 1.1, "x/c.trc": 1.1, "x/d.trc": 1.0},
            [["Ada static/a.trc", "x/d.trc"], ["Bea static/b.trc", "x/c.trc"]],
        ),
    ],
)
def test_two_sizes_are_two_people(files, people):
    recordings = [
        _markers(file, movement=number, size=size, still="static" in file)
        for number, (file, size) in enumerate(files.items())
    ]
    owners = owners_of(recordings)
    found = {name: [str(f) for f in owners if owners[f] == name] for name in owners.values()}
    assert sorted(map(sorted, found.values())) == people
    assert ({*found} == {"P07a", "P07b", "P08"}) == ("P07/a.trc" in files)


def test_results_of_ours_are_no_recordings(tmp_path):
    """The prepared trials of an earlier study in the same folder."""
    labels, positions = recorded_figure(moving=True)
    prepared = tmp_path / "results" / "mine" / "participants" / "P1" / "prepared"
    for folder in (tmp_path, prepared):
        folder.mkdir(parents=True, exist_ok=True)
        write_trc(folder / "run.trc", labels, positions, RATE)
    (prepared.parent / "prepare.json").write_text("{}")
    content = folder_content(tmp_path)
    assert [one.file.as_posix() for one in content.markers] == ["run.trc"]


def test_recordings_with_other_labels_are_another_study():
    run = _markers("run.trc", labels=("RASI", "LASI", "RCAL"))
    static = _markers("static.trc", still=True, labels=("RASI", "LASI", "RCAL", "RMFC"))
    walk = _markers("walk.trc", labels=("R.ASIS", "L.ASIS", "R.Heel"))
    groups = marker_vocabularies([walk, run, static], frozenset())
    assert [[one.file.name for one in group] for group in groups] == [
        ["static.trc", "run.trc"],
        ["walk.trc"],
    ]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["run/a.trc", "walk/b.trc"], "a study of its own from data/walk"),
        # in one folder with the others: the same folder again would not help
        (["a.trc", "b.trc"], "a study of its own from a folder that holds only b.trc"),
        (["run/a.trc", "walk/b.trc", "c.trc"], "from a folder that holds only b.trc, c.trc"),
    ],
)
def test_recordings_with_other_labels_say_where_their_study_starts(files, told):
    group, *others = [_markers(file) for file in files]
    found = _other_marker_sets([group], [others], Path("data"))
    assert {one.file for one in found} == {one.file for one in others}
    assert all(one.why.endswith(told) for one in found)


GRF = [f"ground_force_{part}{axis}" for part in "vp" for axis in "xyz"]
ANGLES = ["pelvis_tx", "pelvis_ty", "pelvis_tz", "knee_angle_r"]


@pytest.mark.parametrize(
    ("loaded", "moving", "kinds"),
    [
        # dummy angles that are zero throughout, as OpenSim exports them beside real forces
        (True, False, {"forces"}),
        (True, True, {"forces", "coordinates"}),
        (False, True, {"coordinates"}),
        (False, False, set()),
    ],
)
def test_a_storage_is_what_its_columns_hold(tmp_path, loaded, moving, kinds):
    time = np.arange(50) / 100.0
    values = np.zeros((50, 10))
    values[:, :4] = moving * np.sin(time)[:, None]
    values[:, 4:] = loaded * (1.0 + time)[:, None]
    write_storage(tmp_path / "run.mot", ANGLES + GRF, time, values, in_degrees=True)
    content = folder_content(tmp_path)
    found = {name for name in ("forces", "coordinates") if getattr(content, name)}
    assert found == kinds
    if "coordinates" in kinds:
        assert content.coordinates[0].columns == tuple(ANGLES)  # a model lacks the others
    if not kinds:
        [left_out] = content.unusable
        assert "its forces are zero and its coordinates constant" in left_out.why


LOADS = """<OpenSimDocument><ExternalLoads><objects><ExternalForce>
<applied_to_body>calcn_r</applied_to_body><force_identifier>{}</force_identifier>
</ExternalForce></objects><datafile>grf.mot</datafile></ExternalLoads></OpenSimDocument>"""


@pytest.mark.parametrize(
    ("identifier", "cell"), [("ground_force_v", "loads.xml"), ("plate_1_v", "grf.mot")]
)
def test_external_loads_that_fit_describe_their_force_file(tmp_path, identifier, cell):
    time = np.arange(50) / 100.0
    write_storage(tmp_path / "grf.mot", GRF, time, np.ones((50, 6)), in_degrees=False)
    (tmp_path / "loads.xml").write_text(LOADS.format(identifier), encoding="utf-8")
    (tmp_path / "setup.xml").write_text("<OpenSimDocument/>", encoding="utf-8")
    content = folder_content(tmp_path)
    assert [one.cell for one in content.forces] == [cell]
    told = [one.why for one in content.unusable]
    assert told == [] if cell == "loads.xml" else "columns plate_1_vx" in told[0]


BONE = "<Body name='{}'><mass>{}</mass><Mesh><scale_factors>{} 1 1</scale_factors></Mesh></Body>"


def _model(file, scales):
    bones = "".join(BONE.format(index, 10.0, scale) for index, scale in enumerate(scales))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<Model>{bones}</Model>", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("name", "sizes", "scaled"),
    [
        ("generic", SIZES - 1, False),
        ("registered", SIZES, True),
        ("unscaled_generic", 1, False),
        ("P1_scaled", 1, True),
    ],
)
def test_a_model_scaled_to_a_person_is_told_by_its_bones_or_its_name(tmp_path, name, sizes, scaled):
    scales = [1.0 + 0.02 * (index % sizes) for index in range(12)]
    signs = scaling_signs(_model(tmp_path / f"{name}.osim", scales))
    assert bool(signs) == scaled
    assert not scaled or "120.0 kg" in signs


def test_whose_scaled_model_it_is():
    """One person's folder, a name that begins with the person, or nobody's."""
    files = {"P1": [Path("P1/c3d/a.c3d")], "P2": [Path("P2/c3d/a.c3d")]}
    names = ["models/P2_final.osim", "P1/models/mine.osim", "models/other.osim"]
    models = [ScaledModel(Path(name), "") for name in names]
    found = models_of_people(files, models)
    assert {person: str(one.file) for person, one in found.items()} == {
        "P1": "P1/models/mine.osim",
        "P2": "models/P2_final.osim",
    }
    [alone] = models_of_people({"S01": [Path("a.c3d")]}, models[2:]).values()
    assert alone.file == Path("models/other.osim")


def test_a_folder_without_recordings_says_what_it_holds(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "broken.trc").write_text("no TRC file")
    with refused("recordings-none", r"broken\.trc: ") as caught:
        gathered_study("made", tmp_path, None, print)
    assert caught.value.file == str(tmp_path)
    (tmp_path / "broken.trc").unlink()
    with refused("recordings-none", "0 force files, 0 model files, 1 files of other kinds"):
        gathered_study("made", tmp_path, None, print)
