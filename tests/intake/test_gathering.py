"""What a folder of recordings says by itself: whose, which trial, which files together."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.intake import rows as rows_module
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
from tests.golden import differences
from tests.recorded_study import RATE, recorded_figure
from tests.said import said


def markers(
    file, *, frames=500, still=False, plates=0, labels=("RASI", "LASI"), movement=None, size=1.0
):
    """One recording; of a seed for `movement` there are labels and positions, too."""
    moved, lengths = Movement(), Lengths()
    if movement is not None:
        labels = "abcdefghij"
        positions = size * moving_body(movement, frames, still=still)
        moved, lengths = Movement.of(labels, positions, 100.0), Lengths.of(labels, positions)
    return MarkerFacts(Path(file), tuple(labels), frames, 100.0, 0.0, still, plates, moved, lengths)


def moving_body(seed, frames, *, still):
    """A body of ten rigid markers (T, 10, 3) that turns and goes about, m."""
    body = np.random.default_rng(0).normal(0.0, 0.4, (10, 3))
    if still:
        return np.tile(body, (frames, 1, 1))
    time = np.arange(frames)[:, None] / 100.0
    rate, phase = np.random.default_rng(seed).uniform(1.0, 6.0, (2, 6))
    way = np.sin(rate * time + phase)
    turns = Rotation.from_rotvec(way[:, :3]).as_matrix()
    return np.einsum("tij,mj->tmi", turns, body) + way[:, None, 3:]


def forces(file, start=0.0, end=5.0):
    return StorageFacts(Path(file), start, end, 1000.0)


# names --------------------------------------------------------------------------------------------


FOLDERS = Path(__file__).with_name("folders.txt").read_text(encoding="utf-8").splitlines()
"""Names of the recordings of a folder on each line, with ~ for a blank."""


def test_whose_recordings_are_and_what_they_are_called_is_what_it_was():
    lines = []
    for folder in (one for one in FOLDERS if not one.startswith("#")):
        files = [Path(one.replace("~", " ")) for one in folder.split()]
        still = [one for one in files if "static" in one.as_posix().casefold()]
        people, names = people_of(files, still), trial_names(files, still)
        lines += [f"{one} | {people[one]} {names[one]}" for one in files]
    assert differences("intake/names", lines) == []


PERSONS = ("Usain_Bolt", "UsainBolt", "usainbolt", "Bolt, Usain", "Bolt2", "Jürgen", "Vik", "Max")
PLACES = ("{}/{}_9ms.c3d", "{}-sprint.trc", "{} 03.c3d", "{}.c3d", "Day 1/{}/run.trc", "run_{}.c3d")


@given(
    st.sampled_from([*PERSONS, "UB1"]), st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)
)
def test_no_name_of_a_person_becomes_an_id(name, places):
    """Neither of participants nor of trials, wherever it stands in a path."""
    other = Path("Florence Griffith/static 1.c3d")
    files = [*dict.fromkeys(Path(one.format(name, name)) for one in places), other]
    ids = [*trial_names(files, [other]).values(), *people_of(files).values()]
    for part in re.findall("[a-z]+", f"{name} Florence Griffith".casefold()):
        assert not any(part in one.casefold() for one in ids if one != "UB1"), ids


# what belongs together ----------------------------------------------------------------------------


def test_what_changes_the_forces_is_left_out_unless_a_person_says_otherwise():
    """A load in the name of a run, or of its folder; never of a standing trial."""
    files = {"static_vest.c3d": True, "unloaded.c3d": False, "sled/run1.c3d": False}
    files |= {"ThighLoad_run2.c3d": False, "vestibular.c3d": False}
    every = [markers(file, still=still) for file, still in files.items()]
    left_out = [one for one in rows_of(every, {}, owners_of(every)).trials if one.include == "no"]
    assert {one.file for one in left_out} == {"sled/run1.c3d", "ThighLoad_run2.c3d"}
    assert all("not modelled" in one.found for one in left_out)


TOGETHER = {
    # markers, forces in the order of their markers or - for none
    "by name": ("run/motion_capture_run.trc walk/motion_capture_walk.trc",
                "run/grf_run.mot walk/grf_walk.mot"),
    "in parallel folders": (
        "P1/markers/run.trc P2/markers/run.trc run200/markers.trc run300/markers.trc",
        "P1/forces/run.mot P2/forces/run.mot run200/grf.mot forces/run300/grf.mot"),
    "that could be exchanged": ("a/markers.trc b/markers.trc", "- -", "x/grf.mot y/grf.mot"),
    "in the same folders": ("a/markers.trc b/markers.trc", "a/grf.mot b/grf.mot"),
}  # fmt: skip


@pytest.mark.parametrize("case", TOGETHER)
def test_forces_go_with_the_markers_of_their_name_and_person(case):
    """In whatever order; never with standing trials or recordings of plates."""
    names, expected, *others = TOGETHER[case]
    every = [markers("static_run.trc", still=True), markers("c3d/with_plates.c3d", plates=4)]
    every += map(markers, names.split())
    given_ = [forces(one) for one in reversed([*expected.split(), *" ".join(others).split()])]
    found = force_files(every, [one for one in given_ if one.file.name != "-"])
    pairs = dict(zip(names.split(), expected.split(), strict=True))
    assert {str(k): str(v.file) for k, v in found.items()} == {
        k: v for k, v in pairs.items() if v != "-"
    }


def test_forces_of_another_time_belong_to_nobody():
    every = [markers("run/motion_capture_run.trc")]
    late = [forces("run/grf_run.mot", 60.0, 65.0)]
    assert force_files(every, late) == {}
    assert "share no time (60 to 65 s, 0 to " in clock_mismatch(every, late[0])
    end = every[0].seconds
    for own in (forces("run/grf_run.mot"), forces("run/grf_run.mot", -5.0, 0.0),
                forces("run/grf_run.mot", end, 9.0)):  # fmt: skip
        assert not clock_mismatch(every, own)  # also where they only touch
    for own in (forces("run/grf_run.mot", -5.0, -0.01), forces("run/grf_run.mot", end + 0.01, 9.0)):
        assert clock_mismatch(every, own)
    assert not clock_mismatch(every, forces("walk/grf_walk.mot", 60.0, 65.0))


def test_one_recording_is_one_trial():
    """The export with plates stays, of others the one with most labels; forces go with it."""
    c3d, trc = markers("c3d/a.c3d", plates=8, movement=1), markers("b.trc", movement=1)
    repeated, _ = copies([trc, markers("c.trc", movement=2), c3d], {})
    assert repeated == {trc.file: c3d.file}
    fewer = replace(trc, file=Path("d.trc"), labels=trc.labels[:5])
    own = {fewer.file: forces("d.mot")}
    assert copies([fewer, trc], own) == ({fewer.file: trc.file}, {trc.file: own[fewer.file]})
    later = replace(trc, first_time=0.2)  # another clock: the forces stay where they fit
    assert copies([fewer, later], own) == ({later.file: fewer.file}, own)
    # `check` refuses it: one of two people is wrong, and no file says which
    mine, theirs = markers("P1/a.c3d", movement=1), markers("P2/a.c3d", movement=1)
    assert copies([mine, theirs], {})[0] == {}


@pytest.mark.parametrize(
    "people",
    [
        # one folder, two sizes
        [{"a.trc": 1.0, "c.trc": 1.0}, {"b.trc": 1.08}],
        [{"a.trc": 1.0, "b.trc": 1.01}],
        # millimetres read as metres are nobody's size
        [{"a.trc": 1.0, "b.trc": 1000.0}],
        # codes stay
        [{"P07/a.trc": 1.0}, {"P07/b.trc": 0.9}, {"P08/c.trc": 1.0}],
        # static trials that lie apart go to the person of their size
        [{"Ada static/a.trc": 1.0, "x/d.trc": 1.0}, {"Bea static/b.trc": 1.1, "x/c.trc": 1.1}],
    ],
)
def test_two_sizes_are_two_people(people):
    files = sorted((file, size) for one in people for file, size in one.items())
    owners = owners_of(
        [
            markers(file, movement=number, size=size, still="static" in file)
            for number, (file, size) in enumerate(files)
        ]
    )
    found = {name: [str(f) for f in owners if owners[f] == name] for name in owners.values()}
    assert sorted(map(sorted, found.values())) == sorted(sorted(one) for one in people)
    assert ({*found} == {"P07a", "P07b", "P08"}) == ("P07/a.trc" in people[0])


def test_recordings_with_other_labels_are_another_study():
    """And say where it starts; the same folder again would not help."""
    run = markers("run.trc", labels=("RASI", "LASI", "RCAL"))
    static = markers("static.trc", still=True, labels=("RASI", "LASI", "RCAL", "RMFC"))
    walk = markers("walk.trc", labels=("R.ASIS", "L.ASIS", "R.Heel"))
    groups = marker_vocabularies([walk, run, static], frozenset())
    assert [[one.file.name for one in group] for group in groups] == [
        ["static.trc", "run.trc"],
        ["walk.trc"],
    ]
    five = [markers("a.trc", labels="abcde"), markers("b.trc", labels="abcxy")]  # three of five
    assert len(marker_vocabularies(five, frozenset())) == 1
    four = [markers("a.trc", labels="abcd"), markers("b.trc", labels="abxy")]
    assert len(marker_vocabularies(four, frozenset())) == 2
    for names, told in (
        ("run/a.trc walk/b.trc", "a study of its own from data/walk"),
        ("a.trc b.trc", "a study of its own from a folder that holds only b.trc"),
        ("run/a.trc walk/b.trc c.trc", "from a folder that holds only b.trc, c.trc"),
    ):
        group, *others = map(markers, names.split())
        found = _other_marker_sets([group], [others], Path("data"))
        assert {one.file for one in found} == {one.file for one in others}
        assert all(one.why.endswith(told) for one in found)


# models -------------------------------------------------------------------------------------------


BONE = "<Body name='{}'><mass>10</mass><Mesh><scale_factors>{} 1 1</scale_factors></Mesh></Body>"


@pytest.mark.parametrize(
    ("name", "sizes", "scaled"),
    [("generic", SIZES - 1, False), ("registered", SIZES, True), ("unscaled_generic", 1, False),
     ("P1_scaled", 1, True)],
)  # fmt: skip
def test_a_model_scaled_to_a_person_is_told_by_its_bones_or_its_name(tmp_path, name, sizes, scaled):
    bones = "".join(BONE.format(index, 1.0 + 0.02 * (index % sizes)) for index in range(12))
    (tmp_path / f"{name}.osim").write_text(f"<Model>{bones}</Model>", encoding="utf-8")
    signs = scaling_signs(tmp_path / f"{name}.osim")
    assert bool(signs) == scaled
    assert not scaled or "120.0 kg" in signs


def test_whose_scaled_model_it_is():
    """One person's folder, a name that begins with the person, or nobody's."""
    files = {"P1": [Path("P1/c3d/a.c3d")], "P2": [Path("P2/c3d/a.c3d")]}
    names = ["models/P2_final.osim", "P1/models/mine.osim", "models/other.osim"]
    models = [ScaledModel(Path(name), "") for name in names]
    found = {person: str(one.file) for person, one in models_of_people(files, models).items()}
    assert found == {"P1": names[1], "P2": names[0]}
    [alone] = models_of_people({"S01": [Path("a.c3d")]}, models[2:]).values()
    assert alone.file == Path("models/other.osim")


@pytest.mark.parametrize(
    "columns",
    [("hip_flexion_r", "knee_angle_r"), ("/hip_r/hip_flexion_r/value", "knee_angle_r"),
     ("/jointset/hip_r/hip_flexion_r/value", "/jointset/knee_r/knee_angle_r/value")],
)  # fmt: skip
def test_a_model_fits_that_has_all_coordinates_by_whatever_path(monkeypatch, columns):
    known = {
        "arm.osim": {"elbow_flex_r"}, "knee.osim": {"knee_angle_r", "knee_r"},
        "leg.osim": {"hip_flexion_r", "knee_angle_r", "pelvis_tx"},
    }  # fmt: skip
    monkeypatch.setattr(rows_module, "model_names", lambda path: known[path.name])
    monkeypatch.setattr(rows_module, "scaling_signs", lambda path: ())
    content = SimpleNamespace(models=tuple(map(Path, known)))
    motion = SimpleNamespace(columns=columns, file=Path("run_ik.mot"))
    assert rows_module._fitting(Path(), content, motion) == [Path("leg.osim")]


# folders ------------------------------------------------------------------------------------------


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


def ours(folder):
    """A run, and the prepared trials of an earlier study in the same folder."""
    labels, positions = recorded_figure(moving=True)
    prepared = folder / "results" / "mine" / "participants" / "P1" / "prepared"
    for place in (folder, prepared):
        place.mkdir(parents=True, exist_ok=True)
        write_trc(place / "run.trc", labels, positions, RATE)
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
    more = np.concatenate([positions[:, [0]] + ends, positions[:, [20]] + 1.3 * ends], axis=1)
    names = (*labels, "ThiX", "THIY", "thiz", "QAX", "QBY", "QCZ")
    write_trc(folder / "run.trc", names, np.concatenate([positions, more], axis=1), RATE)


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
    "results of ours": ours,
    "axes of other software": axes,
    "two people of Pose2Sim": lambda folder: two_of(folder, "pose-3d"),
    "two recordings of one": lambda folder: two_of(folder, "other"),
    "other systems": files_of(a__mvnx="x", a__B3D="x", a__forces="x", a__qtm="x", a__xcp="x"),
    "notes": files_of(notes__txt="nothing"),
    "a broken file": files_of(notes__txt="nothing", broken__trc="no TRC file"),
}


def test_what_folders_hold_is_what_it_was(tmp_path):
    lines = []
    for name, write in CONTENTS.items():
        (folder := tmp_path / name).mkdir()
        write(folder)
        content = folder_content(folder)
        people = owners_of(content.markers) if content.markers else {}
        for one in content.markers:
            facts = f"{one.frames} frames, {one.rate:g} Hz, {one.still}, {sorted(one.computed)}"
            lines.append(f"{name} | {one.file} of {people[one.file]}: {facts}")
        for kind in ("forces", "coordinates"):
            own = getattr(content, kind)
            lines += [f"{name} | {kind} {one.cell} {', '.join(one.columns)}" for one in own]
        lines += [f"{name} | not {one.file}: {one.why}" for one in content.unusable]
        if not content.markers and not content.coordinates:
            made = lambda folder=folder: gathered_study("made", folder, None, print)  # noqa: E731
            lines += said(name, made, tmp_path)
    assert differences("intake/folders", lines) == []
