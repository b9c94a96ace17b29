"""Content of a folder of recordings: persons, trials and files that belong together."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.errors import AqbioError
from aqbio.intake.folder import MarkerFacts, StorageFacts, _recorded, folder_content, marker_facts
from aqbio.intake.models import MIN_BONE_SCALES, ScaledModel, models_of_people, scaled_models
from aqbio.intake.people import (
    clock_mismatch,
    find_copies,
    force_files,
    marker_vocabularies,
    people_of,
    trial_names,
)
from aqbio.intake.rows import rows_of
from aqbio.intake.same_person import owners_of
from aqbio.intake.shared_frames import Movement
from aqbio.intake.study import _other_marker_sets, proposed_study
from aqbio.io.mot import write_storage
from aqbio.io.mot_forces import read_force_storage
from aqbio.io.recording import CaptureClock
from aqbio.io.trc import write_trc
from aqbio.prepare.body_size import Lengths
from tests.golden import differences
from tests.outcome_lines import outcome_lines
from tests.recorded_study import RATE, recorded_figure


def markers(
    file,
    *,
    movement=None,
    body=0,
    size=1.0,
    count=10,
    is_static=False,
    plates=0,
    labels="",
    first=0.0,
):
    """One recording of 5 s; of a seed for `movement` there are labels and positions, too."""
    names = tuple(labels.split()) or ("RASI", "LASI")
    moved, lengths = Movement(), Lengths()
    if movement is not None:
        names = tuple("abcdefghij"[:count])
        positions = size * moving_body(movement, 500, body=body, is_static=is_static)[:, :count]
        moved, lengths = Movement.of(names, positions, 100.0), Lengths.of(names, positions)
    return MarkerFacts(file, names, 500, 100.0, first, is_static, plates, moved, lengths)


def moving_body(seed, frames, *, body=0, is_static):
    """A body of ten rigid markers (T, 10, 3) that turns and goes about, m; others by a seed."""
    usual = np.random.default_rng(0).normal(0.0, 0.4, (10, 3))
    own = 0.0 if body == 0 else np.random.default_rng(body).normal(0.0, 0.04, (10, 3))
    body = usual + own
    if is_static:
        return np.tile(body, (frames, 1, 1))
    time = np.arange(frames)[:, None] / 100.0
    rate, phase = np.random.default_rng(seed).uniform(1.0, 6.0, (2, 6))
    way = np.sin(rate * time + phase)
    turns = Rotation.from_rotvec(way[:, :3]).as_matrix()
    return np.einsum("tij,mj->tmi", turns, body) + way[:, None, 3:]


FOLDERS = Path(__file__).with_name("folders.txt").read_text(encoding="utf-8").splitlines()
"""Names of the recordings of a folder on each line, with ~ for a blank."""


def test_golden_persons_and_trial_names_of_folders():
    lines = []
    for folder in (line for line in FOLDERS if not line.startswith("#")):
        files = [Path(name.replace("~", " ")) for name in folder.split()]
        static_files = [file for file in files if "static" in file.as_posix().casefold()]
        people, names = people_of(files, static_files), trial_names(files, static_files)
        lines += [f"{file} | {people[file]} {names[file]}" for file in files]
    assert differences("intake/names", lines) == []


PERSONS = ("Usain_Bolt", "UsainBolt", "usainbolt", "Bolt, Usain", "Bolt2", "Jürgen", "Vik", "Max")
PATTERNS = (
    "{}/{}_9ms.c3d",
    "{}-sprint.trc",
    "{} 03.c3d",
    "{}.c3d",
    "Day 1/{}/run.trc",
    "run_{}.c3d",
)


@given(
    st.sampled_from([*PERSONS, "UB1"]), st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3)
)
def test_no_name_of_a_person_becomes_an_id(name, patterns):
    """Neither of participants nor of trials, at any position in a path."""
    florence = Path("Florence Griffith/static 1.c3d")
    files = [*dict.fromkeys(Path(pattern.format(name, name)) for pattern in patterns), florence]
    ids = [*trial_names(files, [florence]).values(), *people_of(files).values()]
    for part in re.findall("[a-z]+", f"{name} Florence Griffith".casefold()):
        assert not any(
            part in identifier.casefold() for identifier in ids if identifier != "UB1"
        ), ids


@pytest.mark.parametrize(
    ("folders", "people"),
    [
        (("RBDS001", "RBDS03", "RBDS12"), ("RBDS001", "RBDS03", "RBDS12")),
        (("runner-1", "runner-2"), ("runner1", "runner2")),
        (("Walker1", "Walker2"), ("S01", "S02")),
        (("Ada Lovelace", "Grace Hopper"), ("S01", "S02")),
        (("AL12 pre", "GH7 pre"), ("S01", "S02")),
        (("Ada day1", "Ada day2"), ("S01", "S01")),
        (("day 1", "day 2"), ("S01", "S01")),
        (("session1", "session2"), ("S01", "S01")),
        (("pre", "post"), ("S01", "S01")),
        (("2026-05-01", "2026-05-08"), ("S01", "S01")),
        (("FAST1", "FAST2"), ("S01", "S01")),
    ],
)
def test_static_trials_of_their_own_tell_people_apart_however_alike(folders, people):
    """The body is the same in all files: in folders, or, of codes, in one."""
    is_code = people[0] == folders[0]
    for pattern in ("{}/{}.c3d", "{}{}.c3d") if is_code else ("{}/{}.c3d",):
        recordings, expected = [], {}
        for number, (folder, person) in enumerate(zip(folders, people, strict=True)):
            for movement, task in enumerate(("static", "runT35", "runT45")):
                file = Path(pattern.format(folder, task))
                seed = 3 * number + movement
                recordings.append(markers(file, movement=seed, is_static=task == "static"))
                expected[file] = person
        assert owners_of(recordings) == expected


RECORDINGS = yaml.safe_load(Path(__file__).with_name("recordings.yaml").read_text("utf-8"))


def test_golden_matches_of_recordings():
    """Persons, forces, copies, marker sets and models of made recordings."""
    lines = []
    for case, files in RECORDINGS.items():
        paths = {Path(file): facts or {} for file, facts in files.items()}
        recordings = [
            markers(path, **facts_of_file)
            for path, facts_of_file in paths.items()
            if path.suffix in (".trc", ".c3d")
        ]
        forces = [
            StorageFacts(path, facts_of_file.get("start", 0.0), facts_of_file.get("end", 5.0), 1e3)
            for path, facts_of_file in paths.items()
            if path.suffix == ".mot"
        ]
        owners, pairs = owners_of(recordings), force_files(recordings, forces)
        repeated, served = find_copies(recordings, pairs)
        for row in rows_of(recordings, pairs, owners).trials:
            force, copied = served.get(Path(row.file)), repeated.get(Path(row.file), "none")
            lines.append(f"{case} | {row.file} of {row.participant_id}: {row.include} {row.found}; "
                         f"forces {force and force.file} copy of {copied}")  # fmt: skip
        group, *other_sets = marker_vocabularies(recordings, frozenset())
        lines += [f"{case} | not {unusable.file}: {unusable.why}"
                  for unusable in _other_marker_sets(group, other_sets, Path("data"))]  # fmt: skip
        lines += [
            f"{case} | {force_file.file}: {clock_mismatch(recordings, force_file) or 'fits'}"
            for force_file in forces
        ]
        people = {
            person: [file for file in owners if owners[file] == person]
            for person in owners.values()
        }
        models = [ScaledModel(path, "") for path in paths if path.suffix == ".osim"]
        lines += [f"{case} | {model.file} is of {person}"
                  for person, model in models_of_people(people, models).items()]  # fmt: skip
    assert differences("intake/together", lines) == []


@pytest.mark.parametrize(
    ("name", "first", "seconds", "kind", "paired"),
    [
        ("sprint_forces.c3d", 0.0, 1.3, ".c3d", True),
        ("sprint_analog.c3d", 7.0, 1.3, ".c3d", True),  # one length, another first frame
        ("sprint_forces.c3d", 1.0, 3.0, ".c3d", True),  # longer, and begins before the markers
        ("sprint_forces.c3d", 4.0, 3.0, ".c3d", False),
        ("jump_forces.c3d", 0.0, 1.3, ".c3d", False),
        ("sprint_forces.c3d", 0.0, 1.3, ".trc", False),  # axes of the markers are another's
    ],
)
def test_plates_in_a_c3d_file_go_with_the_markers_of_their_recording(
    name, first, seconds, kind, paired
):
    """By name, length, and the numbers of the first frames: the markers' is at 1.6 s."""
    clock = CaptureClock(1.6, 1.3, 0.004) if kind == ".c3d" else None
    sprint, jog = (
        MarkerFacts(
            Path(f"{word}_markers{kind}"), ("RASI",), 325, 250.0, 0.0, False, 0, clock=clock
        )
        for word in ("sprint", "jog")
    )
    plates = CaptureClock(first, seconds, 0.004)
    forces = StorageFacts(Path(name), first, first + seconds, 1e3, clock=plates)
    still = MarkerFacts(Path(f"static_m{kind}"), ("RASI",), 325, 250.0, 0.0, True, 0, clock=clock)
    named = replace(forces, file=Path("static_f.c3d"))  # letters differ: only one length tells
    pairs = force_files([still], [named])
    assert pairs == ({still.file: named} if seconds == 1.3 and kind == ".c3d" else {})
    owner = {sprint.file: forces} if paired else {}
    assert force_files([jog, sprint], [forces]) == owner
    assert bool(clock_mismatch([sprint], forces)) == (not paired and name != "jump_forces.c3d")


@pytest.mark.parametrize(
    ("name", "is_static"),
    [("static", True), ("neutral", True), ("sprint_static", True), ("sprint02", None)],
)
def test_one_frame_is_a_static_trial_unless_its_name_says_that_it_moves(tmp_path, name, is_static):
    body = moving_body(3, 20, is_static=True)
    write_trc(tmp_path / f"{name}.trc", tuple("abcdefghij"), body[:1], 100.0)
    content = folder_content(tmp_path)
    if is_static:
        assert content.markers[0].is_static
    else:
        [unused] = content.unusable
        assert "holds one frame, in which no movement is seen" in unused.why
        assert unused.fix.endswith("call it static.")
        with pytest.raises(AqbioError) as refusal:
            marker_facts(tmp_path / f"{name}.trc", Path(f"{name}.trc"))
        assert refusal.value.rule == "one-frame"


def test_forces_of_one_row_are_left_out(tmp_path):
    write_storage(tmp_path / "static.mot", GRF, np.zeros(1), np.full((1, 6), 9.0), in_degrees=False)
    content = folder_content(tmp_path)
    assert not content.forces
    assert content.unusable[0].why.startswith("the file holds one row")


@pytest.mark.parametrize("with_model", [False, True])
def test_forces_in_body_axes_are_not_read_as_in_ground(tmp_path, with_model):
    """Left out where markers come first; kept where a model and its joint angles turn them."""
    storage(loaded=True, moving=True, loads="ground_force_v")(tmp_path)
    loads = (tmp_path / "loads.xml").read_text(encoding="utf-8")
    frame = "<force_expressed_in_body>calcn_r</force_expressed_in_body><force_identifier>"
    turned = loads.replace("<force_identifier>", frame)
    (tmp_path / "loads.xml").write_text(turned, encoding="utf-8")
    if with_model:
        files_of(a__osim="<Model/>")(tmp_path)
    content = folder_content(tmp_path)
    assert [forces.described for forces in content.forces] == [Path("loads.xml")] * with_model
    if not with_model:
        [unused] = content.unusable
        assert "loads.xml its loads are in the axes of calcn_r" in unused.why
        assert "force_expressed_in_body and point_expressed_in_body ground" in unused.fix


@pytest.mark.parametrize(
    ("name", "separator", "decimal", "first", "unit"),
    [
        ("run.csv", ",", ".", "time", ""),
        ("run.csv", ";", ",", "Time (s)", " (N)"),
        ("run.txt", "\t", ".", '"time"', " [N]"),
    ],
)
def test_forces_that_a_spreadsheet_saved_are_read(tmp_path, name, separator, decimal, first, unit):
    """By the reader of force files; other tables of spreadsheets are no recordings."""
    columns = [f"{column}{unit}" for column in GRF[:3]]
    values = np.arange(1.0, 31.0).reshape(10, 3) + 0.25
    rows = [[time / 100.0, *row] for time, row in enumerate(values.tolist())]
    lines = [
        [first, *columns],
        *([repr(cell).replace(".", decimal) for cell in row] for row in rows),
    ]
    (tmp_path / name).write_text("\n".join(map(separator.join, lines)), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("time of the day\n9 am\n", encoding="utf-8")
    (tmp_path / "emg.csv").write_text("time,vastus\n0.0,1.0\n", encoding="utf-8")
    content = folder_content(tmp_path)
    [found] = content.forces
    assert (found.file, found.end, found.columns) == (Path(name), 0.09, tuple(GRF[:3]))
    assert (content.other_files, content.unusable) == (2, ())
    forces, _ = read_force_storage(tmp_path / name, 0.0)
    assert np.array_equal(forces.wrench.force[:, 0], values)


GRF = [f"ground_force_{part}{axis}" for part in "vp" for axis in "xyz"]
ANGLES = ["pelvis_tx", "pelvis_ty", "pelvis_tz", "knee_angle_r"]
LOADS = """<OpenSimDocument><ExternalLoads><objects><ExternalForce>
<applied_to_body>calcn_r</applied_to_body><force_identifier>{}</force_identifier>
</ExternalForce></objects><datafile>run.mot</datafile></ExternalLoads></OpenSimDocument>"""


def storage(*, loaded, moving, loads="", columns=slice(None)):
    """Angles beside forces, some zero, as OpenSim exports them; perhaps external loads."""

    def write(folder):
        time = np.arange(50) / 100.0
        values = np.zeros((50, 10))
        values[:, :4] = moving * np.sin(time)[:, None]
        values[:, 4:] = loaded * (1.0 + time)[:, None]
        names = (ANGLES + GRF)[columns]
        write_storage(folder / "run.mot", names, time, values[:, columns], in_degrees=True)
        if loads:
            (folder / "loads.xml").write_text(LOADS.format(loads), encoding="utf-8")
            (folder / "setup.xml").write_text("<OpenSimDocument/>", encoding="utf-8")

    return write


def earlier_study(folder):
    """A run, and the prepared trials of an earlier study in the same folder."""
    labels, positions = recorded_figure(moving=True)
    prepared = folder / "results" / "mine" / "participants" / "P1" / "prepared"
    for target in (folder, prepared):
        target.mkdir(parents=True, exist_ok=True)
        write_trc(target / "run.trc", labels, positions, RATE)
    (prepared.parent / "prepare.json").write_text("{}")


def two_of(folder, within):
    """Two people of one size in one recording; Pose2Sim numbers them, others do not."""
    labels, positions = recorded_figure(moving=True)
    (folder / within).mkdir()
    for number in (1, 2):
        path = folder / within / f"run_P{number}_0-99.trc"
        write_trc(path, labels, positions + 0.1 * number, RATE)


def axes(folder):
    """Ends of axes, named so, and as rigid points that are not; of a runner who stands, too."""
    labels, positions = recorded_figure(moving=True)
    ends = np.array([[0.1, 0.0, 0.0], [0.0, 0.12, 0.0], [0.01, 0.0, 0.14]])
    axis_ends = np.concatenate([positions[:, [0]] + ends, positions[:, [20]] + 1.3 * ends], axis=1)
    names = (*labels, "ThiX", "THIY", "thiz", "QAX", "QBY", "QCZ")
    write_trc(folder / "run.trc", names, np.concatenate([positions, axis_ends], axis=1), RATE)


def models(folder):
    """Generic ones, and those that are scaled to a person by their bones or their name."""
    bone = (
        "<Body name='{}'><mass>10</mass><Mesh><scale_factors>{} 1 1</scale_factors></Mesh></Body>"
    )
    scales_of_model = {
        "generic": MIN_BONE_SCALES - 1,
        "registered": MIN_BONE_SCALES,
        "unscaled_generic": 1,
        "P1_scaled": 1,
    }
    for name, sizes in scales_of_model.items():
        bones = "".join(
            bone.format(bone_number, 1.0 + 0.02 * (bone_number % sizes))
            for bone_number in range(12)
        )
        (folder / f"{name}.osim").write_text(f"<Model>{bones}</Model>", encoding="utf-8")


def files_of(**texts):
    return lambda folder: [
        (folder / name.replace("__", ".")).write_text(text) for name, text in texts.items()
    ]


CONTENTS = {
    "forces": storage(loaded=True, moving=False),
    "forces and angles": storage(loaded=True, moving=True),
    "angles": storage(loaded=False, moving=True),
    "forces alone": storage(loaded=True, moving=True, columns=slice(4, None)),
    "no forces alone": storage(loaded=False, moving=True, columns=slice(4, None)),
    "angles alone": storage(loaded=True, moving=True, columns=slice(0, 4)),
    "angles without a pelvis": storage(loaded=True, moving=True, columns=slice(2, 4)),
    "forces with a knee": storage(loaded=True, moving=True, columns=slice(3, None)),
    "neither": storage(loaded=False, moving=False),
    "loads that fit": storage(loaded=True, moving=False, loads="ground_force_v"),
    "loads of other columns": storage(loaded=True, moving=False, loads="plate_1_v"),
    "results of ours": earlier_study,
    "axes of other software": axes,
    "models": models,
    "two people of Pose2Sim": lambda folder: two_of(folder, "pose-3d"),
    "two recordings of one": lambda folder: two_of(folder, "other"),
    "other systems": files_of(a__mvnx="x", a__B3D="x", a__forces="x", a__qtm="x", a__xcp="x"),
    "notes": files_of(notes__txt="nothing"),
    "a broken file": files_of(notes__txt="nothing", broken__trc="no TRC file"),
}


def test_golden_content_of_folders(tmp_path):
    lines = []
    for name, write in CONTENTS.items():
        (folder := tmp_path / name).mkdir()
        write(folder)
        content = folder_content(folder)
        people = owners_of(content.markers) if content.markers else {}
        for recording in content.markers:
            size = f"{recording.frames} frames, {recording.rate:g} Hz"
            facts = f"{size}, {recording.is_static}, {sorted(recording.computed)}"
            lines.append(f"{name} | {recording.file} of {people[recording.file]}: {facts}")
        for kind in ("forces", "coordinates"):
            files = getattr(content, kind)
            lines += [f"{name} | {kind} {file.cell} {', '.join(file.columns)}" for file in files]
        scaled = scaled_models(folder, content.models)
        lines += [f"{name} | scaled {model.file}: {model.why}" for model in scaled]
        lines += [f"{name} | not {file.file}: {file.why}" for file in content.unusable]
        if not content.markers and not content.coordinates:
            propose = lambda folder=folder: proposed_study("made", folder, None, print)  # noqa: E731
            lines += outcome_lines(name, propose, tmp_path)
    assert differences("intake/folders", lines) == []


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        (("pelvis_tilt", "pelvis_tx", "pelvis_ty", "hip_flexion_r"), "motion-planar"),
        (("one", "two", "three", "four"), "force-columns"),
    ],
)
def test_a_motion_of_a_planar_model_is_called_so(tmp_path, columns, rule):
    values = np.arange(12.0).reshape(3, 4)
    write_storage(tmp_path / "walk.mot", columns, np.arange(3) / 100, values, in_degrees=True)
    with pytest.raises(AqbioError) as refusal:
        _recorded(tmp_path / "walk.mot", Path("walk.mot"))
    assert refusal.value.rule == rule
    [unused] = folder_content(tmp_path).unusable
    assert unused.why in str(refusal.value)
