"""What a folder of recordings says by itself: whose, which trial, which files together."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.intake.folder import MarkerFacts, StorageFacts, folder_content
from aqbio.intake.models import MIN_BONE_SCALES, ScaledModel, models_of_people, scaled_models
from aqbio.intake.people import (
    clock_mismatch,
    find_copies,
    force_files,
    marker_vocabularies,
    owners_of,
    people_of,
    trial_names,
)
from aqbio.intake.rows import rows_of
from aqbio.intake.study import _other_marker_sets, proposed_study
from aqbio.io.mot import write_storage
from aqbio.io.trc import write_trc
from aqbio.prepare.body_size import Lengths
from aqbio.prepare.shared_frames import Movement
from tests.golden import differences
from tests.recorded_study import RATE, recorded_figure
from tests.said import outcome_lines


def markers(
    file, *, movement=None, size=1.0, count=10, still=False, plates=0, labels="", first=0.0
):
    """One recording of 5 s; of a seed for `movement` there are labels and positions, too."""
    names = tuple(labels.split()) or ("RASI", "LASI")
    moved, lengths = Movement(), Lengths()
    if movement is not None:
        names = tuple("abcdefghij"[:count])
        positions = size * moving_body(movement, 500, still=still)[:, :count]
        moved, lengths = Movement.of(names, positions, 100.0), Lengths.of(names, positions)
    return MarkerFacts(file, names, 500, 100.0, first, still, plates, moved, lengths)


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


RECORDINGS = yaml.safe_load(Path(__file__).with_name("recordings.yaml").read_text("utf-8"))


def test_what_belongs_together_is_what_it_was():
    """Persons, forces, copies, marker sets and models of made recordings."""
    lines = []
    for case, files in RECORDINGS.items():
        paths = {Path(file): given_ or {} for file, given_ in files.items()}
        every = [markers(one, **of) for one, of in paths.items() if one.suffix in (".trc", ".c3d")]
        forces = [StorageFacts(one, of.get("start", 0.0), of.get("end", 5.0), 1000.0)
                  for one, of in paths.items() if one.suffix == ".mot"]  # fmt: skip
        owners, pairs = owners_of(every), force_files(every, forces)
        repeated, served = find_copies(every, pairs)
        for row in rows_of(every, pairs, owners).trials:
            force, copied = served.get(Path(row.file)), repeated.get(Path(row.file), "none")
            lines.append(f"{case} | {row.file} of {row.participant_id}: {row.include} {row.found}; "
                         f"forces {force and force.file} copy of {copied}")  # fmt: skip
        group, *others = marker_vocabularies(every, frozenset())
        lines += [f"{case} | not {one.file}: {one.why}"
                  for one in _other_marker_sets(group, others, Path("data"))]  # fmt: skip
        lines += [f"{case} | {one.file}: {clock_mismatch(every, one) or 'fits'}" for one in forces]
        people = {who: [one for one in owners if owners[one] == who] for who in owners.values()}
        models = [ScaledModel(one, "") for one in paths if one.suffix == ".osim"]
        lines += [f"{case} | {one.file} is of {who}"
                  for who, one in models_of_people(people, models).items()]  # fmt: skip
    assert differences("intake/together", lines) == []


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


def models(folder):
    """Generic ones, and those that are scaled to a person by their bones or their name."""
    bone = (
        "<Body name='{}'><mass>10</mass><Mesh><scale_factors>{} 1 1</scale_factors></Mesh></Body>"
    )
    named = {
        "generic": MIN_BONE_SCALES - 1,
        "registered": MIN_BONE_SCALES,
        "unscaled_generic": 1,
        "P1_scaled": 1,
    }
    for name, sizes in named.items():
        bones = "".join(bone.format(one, 1.0 + 0.02 * (one % sizes)) for one in range(12))
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
    "results of ours": ours,
    "axes of other software": axes,
    "models": models,
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
            facts = f"{one.frames} frames, {one.rate:g} Hz, {one.is_static}, {sorted(one.computed)}"
            lines.append(f"{name} | {one.file} of {people[one.file]}: {facts}")
        for kind in ("forces", "coordinates"):
            own = getattr(content, kind)
            lines += [f"{name} | {kind} {one.cell} {', '.join(one.columns)}" for one in own]
        scaled = scaled_models(folder, content.models)
        lines += [f"{name} | scaled {one.file}: {one.why}" for one in scaled]
        lines += [f"{name} | not {one.file}: {one.why}" for one in content.unusable]
        if not content.markers and not content.coordinates:
            made = lambda folder=folder: proposed_study("made", folder, None, print)  # noqa: E731
            lines += outcome_lines(name, made, tmp_path)
    assert differences("intake/folders", lines) == []
