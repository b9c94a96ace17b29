"""Findings of stage prepare on both sides of every limit: golden words and numbers, no names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from aqbio.config import MarkerSet, Trial
from aqbio.config.settings import Laboratory, LaboratoryAxes
from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.io.mot import Storage, write_storage
from aqbio.io.recording import ForceRecording, Recording
from aqbio.io.trc import write_trc
from aqbio.prepare.axes import Clues, check_stated, detected_axes, laboratory_axes, stated_axes
from aqbio.prepare.checks import check_clock, check_frames, check_paths
from aqbio.prepare.clock import flights
from aqbio.prepare.contact_findings import note_contacts, note_no_forces
from aqbio.prepare.contacts import FeetLoads, FootContact, PlateContact
from aqbio.prepare.coordinates import check_lengths, coordinate_values
from aqbio.prepare.event_accuracy import MarkerEvents, note_kinematic
from aqbio.prepare.ground import running_ground
from aqbio.prepare.label_faults import LABELS_EXCHANGED
from aqbio.prepare.notes import Notes
from aqbio.prepare.trial import note_missing
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from tests import made_run
from tests.case_lines import case_lines, read_cases
from tests.golden import differences
from tests.planted import NAME, files_with

MARKER_SET = MarkerSet.model_validate(yaml.safe_load(made_run.MARKER_SET))
TRIAL = Trial(participant_id="P1", trial_id="fast", task="run", file="run.c3d")
UNKNOWN, RIGHT, RATE = float("nan"), 1, 200.0


def noted(work: Callable[..., object], *arguments: object) -> list[object]:
    """Notes and result of a function."""
    notes = Notes("fast", "P1", "fast.trc", "fast.mot")
    result = work(*arguments, notes)
    return [*notes.findings, *([] if result is None else [result])]


ON_PLATE = PlateContact(
    plate=0, start=200, stop=400, foot=RIGHT, shared=False, peak=1500.0, distance=0.02, margin=0.3
)
OF_FOOT = FootContact(
    foot=RIGHT, touchdown=0.2, toe_off=0.4, plates=(0,), complete=True, edge_distance=0.1,
    peak=1500.0,
)  # fmt: skip


def loads(on_plates=(ON_PLATE,), contacts=(OF_FOOT,)) -> FeetLoads:
    empty = np.zeros((1, 2, 3))
    return FeetLoads(contacts, tuple(on_plates), empty, empty, empty[..., 0], empty, empty[..., 0])


def contacts(of_plate=None, of_foot=None, *, number_stated=-1) -> object:
    """One contact of the right foot on plate 3, 0.2 to 0.4 s of 1 s, with changes."""
    foot_contacts = () if of_foot == "none" else (replace(OF_FOOT, **(of_foot or {})),)
    zeros = np.zeros((1, 1, 3))
    plates = Plates(
        PlateWrench(zeros, zeros, zeros[0]),
        np.zeros((1, 4, 3)),
        1000.0,
        0.0,
        (3,),
        (number_stated,),
    )
    feet = loads((replace(ON_PLATE, **(of_plate or {})),), foot_contacts)
    return noted(note_contacts, feet, plates, 1.0, 0.03)


@pytest.mark.parametrize(
    ("feet", "severity", "count"),
    [((1, 1), None, 0), ((0, 0), "warning", 2), ((0, 1), None, 0), ((-1, 0), "warning", 1)],
)
def test_columns_that_hold_both_feet_are_those_of_a_belt(feet, severity, count):
    """Both contacts of plate 3 are in columns named after the right foot; -1 is of no foot."""
    zeros = np.zeros((1, 1, 3))
    wrench = PlateWrench(zeros, zeros, zeros[0])
    plates = Plates(wrench, np.zeros((1, 4, 3)), 1000.0, 0.0, (3,), (RIGHT,))
    on_plates = [
        replace(ON_PLATE, foot=foot, start=start, stop=start + 200)
        for foot, start in zip(feet, (200, 600), strict=True)
    ]
    findings = noted(note_contacts, loads(on_plates), plates, 1.0, 0.03)
    about_columns = [finding for finding in findings if finding.rule == "foot-columns"]
    assert {finding.severity for finding in about_columns} == ({severity} if severity else set())
    told = sum(finding.number or 1 for finding in about_columns)
    assert told == count


def test_forces_in_other_axes_than_the_body_are_doubted():
    """The body stands along y, and the force acts along x."""
    force = np.tile([900.0, 0.0, 0.0], (40, 1, 1))
    forces = ForceRecording(
        wrench=PlateWrench(force, 0.0 * force, np.zeros((1, 3))),
        corners=np.full((1, 4, 3), np.nan), rate=1000.0, start=0.0, numbers=(1,), names=("one",),
        feet=("",),
    )  # fmt: skip
    run = Recording(made_run.LABELS, made_run.markers(), made_run.FRAME_RATE, forces)
    notes = Notes("run", "P1", "run.c3d", "run.c3d")
    laboratory_axes(run, MARKER_SET, "auto", notes)
    assert [finding.rule for finding in notes.findings] == ["axes-doubt"]


def no_forces(*, recorded: bool) -> list[object]:
    return noted(lambda notes: note_no_forces(notes, recorded=recorded))


def events(
    rate=100.0, speed=4.0, strike="heel", times=((0.1, 0.3), (0.8, 1.0), (1.5, 1.7))
) -> object:
    marker_contacts = tuple(FootContact(0, *span, (), True, UNKNOWN, UNKNOWN) for span in times)
    marker_events = MarkerEvents(marker_contacts, rate, speed, strike)
    return [*noted(note_kinematic, marker_events), marker_events.contact_time_error]


def flown(gaps: list[float], feet: str = "lrlr") -> object:
    """Contacts of 0.1 s with these gaps between them."""
    starts = np.cumsum([0.0, *(0.1 + gap for gap in gaps)])
    foot_contacts = [FootContact("lr".index(foot), at, at + 0.1, (), True, UNKNOWN, UNKNOWN)
            for foot, at in zip(feet, starts.tolist(), strict=False)]  # fmt: skip
    return flights(foot_contacts)


def paths(share: float) -> object:
    """Most frames decide: one marker of three stands still, and one leaps once."""
    positions = np.zeros((50, 3, 3))
    positions[:, 0, 0] = positions[:, 1, 2] = share * 30.0 / RATE * np.arange(50)
    positions[25:, 0, 1] = 100.0
    return noted(check_paths, Recording(("A", "B", "C"), positions, RATE), TRIAL)


def clocks_apart(start: float) -> object:
    """The markers' 50 frames end at 0.245 s; the forces last 0.5 s."""
    none = np.zeros((501, 1, 3))
    forces = ForceRecording(
        wrench=PlateWrench(none, none, none[0]), corners=np.zeros((1, 4, 3)), rate=1000.0,
        start=start, numbers=(1,), names=("one",), feet=("",),
    )  # fmt: skip
    return noted(check_clock, Recording(("A",), np.zeros((50, 1, 3)), RATE, forces))


def outside() -> list[object]:
    """Two of four markers, in five frames and in one, before frames 10 to 30."""
    markers = np.zeros((40, 4, 3))
    markers[:5, 1], markers[35, 3] = UNKNOWN, UNKNOWN
    return noted(note_missing, ("A", "B", "C", "D"), markers, slice(10, 30))


def lost_frames(end: float | None) -> object:
    """Ten lost frames: from there on the markers' clock is 40 ms ahead of the plates'."""
    points = np.delete(np.tile(made_run.markers(), (1, 2, 1)), slice(150, 160), axis=0)
    labels = (*made_run.LABELS, *(f"{label}2" for label in made_run.LABELS))
    recording = Recording(labels, points, made_run.FRAME_RATE)
    return check_frames(recording, TRIAL.model_copy(update={"end_s": end}), "run.c3d")


def axes(order: list[int]) -> object:
    """Axes of a run whose labels are given in another order."""
    run = Recording(made_run.LABELS, made_run.markers()[:, order], made_run.FRAME_RATE)
    return noted(lambda notes: laboratory_axes(run, MARKER_SET, "auto", notes).matrix)


def leaning(degrees: float, across: float = 0.0) -> object:
    """A body that leans and a run that goes across, under stated axes."""
    lean, turn, unknown = np.radians(degrees), np.radians(across), np.full(3, UNKNOWN)
    body = np.array([np.sin(lean), np.cos(lean), 0.0])
    travel = 5.0 * np.array([np.cos(turn), 0.0, np.sin(turn)])
    laboratory_axes = LaboratoryAxes(forward="+x", up="+y")
    clues = Clues(body, unknown, travel, unknown, unknown)
    return check_stated(laboratory_axes, stated_axes("+x", "+y"), clues, "run.c3d")


def seen_axes(
    lean=0.0, travel=0.0, far=5.0, facing=0.0, **other_clues: tuple[float, ...]
) -> object:
    """Axes that a recording shows, of a body that leans and a pelvis that goes and faces across."""
    lean, travel, facing = np.radians([lean, travel, facing])
    clues = {
        "body": 0.9 * np.array([np.sin(lean), np.cos(lean), 0.0]),
        "travel": far * np.array([np.cos(travel), 0.05, np.sin(travel)]),
        "facing": 0.15 * np.array([np.cos(facing), -0.1, np.sin(facing)]),
        "plate_normal": (0.0, 1.0, 0.0), "force": (20.0, 900.0, -5.0),
    } | other_clues  # fmt: skip

    try:
        detected = detected_axes(Clues(**{name: np.array(clue) for name, clue in clues.items()}))
    except ValueError as error:
        return str(error)
    return [detected.matrix, detected.reasoning, *detected.doubts]


def ground(belt: float = 0.0, turned: float = 0.0, standing: bool = False, **cells) -> object:
    """A run without forces; the pelvis faces elsewhere by degrees."""
    turn, positions = np.radians(turned), made_run.markers(belt)
    if standing:
        positions = np.repeat(positions[80:81], 200, axis=0)
    middle = positions[:, :4].mean(axis=1, keepdims=True)
    rotation = np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    )
    positions[:, :4] = middle + (positions[:, :4] - middle) @ rotation.T
    row = TRIAL.model_copy(update=cells)

    def work(notes: Notes) -> list[object]:
        run = Recording(made_run.LABELS, positions, made_run.FRAME_RATE)
        detected = running_ground(run, None, row, MARKER_SET, Laboratory(), notes)
        heading = abs(np.degrees(detected.heading))
        return [
            f"{detected.surface}, belt {detected.belt_speed:.1f} m/s, heading {heading:.0f} degrees"
        ]

    return noted(work)


def lengths(speed: float) -> object:
    moved = np.outer(np.arange(100) * speed / 250.0, [1.0, 0.0, 0.0])
    return check_lengths(moved, 250.0, Path("ik.mot"))


SKELETON = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))


def angles(without=(), resting=(), degrees=False, factor=1.0) -> object:
    """Joint angles of a second in which every coordinate moves, by up to 0.3 rad."""
    time = np.arange(0.0, 1.0, 1.0 / 250.0)
    names = [name for name in SKELETON.coordinates if name not in without]
    values = 0.3 * np.sin(2.0 * np.pi * 1.5 * time[:, None] + np.arange(len(names)))
    values[:, [names.index(name) for name in resting]] = 0.0
    turns = np.array(SKELETON.coordinates)[SKELETON.coordinate_is_rotation]
    values[:, np.isin(names, turns)] *= factor
    storage = Storage(tuple(names), time, values, degrees)
    return coordinate_values(storage, SKELETON, Path("ik.mot"))


MAKERS = (
    contacts, no_forces, events, flown, paths,
    clocks_apart, outside, lost_frames, axes, leaning, seen_axes, ground, lengths, angles,
)  # fmt: skip


@pytest.mark.parametrize("about", ["contacts", "clocks", "laboratory", "angles"])
def test_golden_words_on_both_sides_of_every_limit(about):
    cases = read_cases(Path(__file__).with_name("limits.yaml"), about, MAKERS)
    assert differences(f"prepare/about_{about}", case_lines(cases)) == []


def _damaged_trc(data: Path) -> str:
    write_trc(data / f"{NAME}.trc", made_run.LABELS, made_run.markers(), 250.0)
    lines = (data / f"{NAME}.trc").read_text().splitlines()
    lines[8] = lines[8].replace("\t", f"\t{NAME}", 3)
    (data / f"{NAME}.trc").write_text("\n".join(lines) + "\n")
    return f"{NAME}.trc\tn/a"


def _no_force_columns(data: Path) -> str:
    made_run.write_trc_run(data, NAME)
    columns, values = [f"{NAME}_a", f"{NAME}_b"], np.ones((1000, 2))
    write_storage(data / f"{NAME}.mot", columns, np.arange(1000) / 1e3, values, in_degrees=False)
    return f"{NAME}.trc\t{NAME}.mot"


@pytest.mark.parametrize(
    "write", [_damaged_trc, _no_force_columns, lambda _: f"{NAME}/{NAME}.c3d\tn/a"]
)
def test_names_stay_out_of_reasons_and_findings(prepared_study, write):
    prepared = prepared_study([f"fast\trun\t{write(prepared_study.data)}\tn/a"])
    entry = prepared.entry("fast")
    assert entry["reason"] or entry["findings"]
    assert files_with(prepared.folder.parent, NAME) == []
    assert NAME not in "\n".join(prepared.messages)


def test_a_label_that_is_not_used_is_no_gap_of_the_capture():
    """Its finding says what to correct; no gap is there to be filled."""
    markers = np.zeros((40, 2, 3))
    markers[5:35] = np.nan
    notes = Notes("run", "P1", "run.c3d", "")
    notes.add(LABELS_EXCHANGED, "warning", "left and right arm are exchanged.", label="A, C")
    note_missing(("A", "B"), markers, slice(0, 40), notes)
    exchanged, gap = notes.findings[1:]
    assert exchanged.fix.startswith("follow the finding")
    assert gap.fix.startswith("fill the gap")
