"""The same motion written otherwise ends in the same explanation and in the same numbers.

Pairs are drawn by a seed: of a virtual sprinter and a recorded one, sound or with a fault, under
other labels or units, with two frames less, with a static trial 12 mm elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from aqbio.gait.step_files import participant_rows
from aqbio.inverse_kinematics.solution import FITTED as FITTED_MOTION
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.prepare.stage import prepare_participant
from aqbio.stage_table import STAGES
from tests.lacking import distortions as by
from tests.lacking.alterations import STATIC, Recordings, part_of
from tests.lacking.drawn import alteration_of
from tests.lacking.judged import jumps
from tests.lacking.outcome import Outcome, written
from tests.lacking.recordings import ja1, short
from tests.lacking.wordings import SIDE_WORDS, WORDS
from tests.lacking.work import FEW_DRAWS, FITTED
from tests.real.staged import run_stages

pytestmark = [
    pytest.mark.whole,
    pytest.mark.opensim,
    pytest.mark.real,
    pytest.mark.xdist_group("continuity"),
]

SEED, PAIRS = 804, 20

AWAY_M = 0.012
FRAMES = 2

LEGS = [
    (f"L{name}", f"R{name}")
    for name in (
        *("TH1", "TH2", "KNL", "KNM", "SH1", "SH2", "ANL", "ANM", "HEE", "MT1", "MT5", "TOE"),
        *("THAP", "THAD", "THLP", "THLD", "LEPI", "MEPI", "TIAP", "TIAD", "TILAT", "LMAL", "MMAL"),
        *("HEEL", "MFS", "MFL", "P1MT", "P5MT"),
    )
]
"""Markers of both legs, of the virtual sprinter and of the recorded one."""

FAULTS: dict[str, Callable[[Any], Any]] = {
    "sound": lambda take: take,
    "forces late": partial(by.delayed, ms=40.0),
    "sideways force turned": partial(by.flipped_sign, component="Fz", plate="all"),
    "legs exchanged": partial(by.exchanged, pairs=LEGS, start=0.4, stop=0.55),
}

ABOUT_NAMES = "please look$|labels that say nothing"

WAYS = ("other wording", "other order", "other prefix", "metres", "fewer frames", "static away")


@dataclass(frozen=True)
class Pair:
    """A recording, what is wrong with it, and how its twin is written."""

    subject: str
    fault: str
    way: str
    seed: int

    def __str__(self) -> str:
        """Name of the pair."""
        return f"{self.subject}, {self.fault}, {self.way} {self.seed}"

    def twin(self, recordings: Recordings) -> tuple[Recordings, float]:
        """The recordings written otherwise, and by how much their clocks begin later, s."""
        if self.way == "other wording":
            wording = sorted(WORDS)[self.seed % len(WORDS)]
            writing = self.seed % len(SIDE_WORDS)
            parameters = {"wording": wording, "writing": writing, "first": self.seed % 2 == 0}
            return alteration_of("wording", parameters).lacking(recordings), 0.0
        if self.way in ("other order", "other prefix"):
            parameters = {"what": self.way.removeprefix("other "), "seed": self.seed}
            return alteration_of("harmless", parameters).lacking(recordings), 0.0
        if self.way == "metres":
            return replace(
                recordings, laboratory=replace(recordings.laboratory, marker_unit="m")
            ), 0.0
        if self.way == "fewer frames":
            [take] = [take for name, take in recordings.takes.items() if name != STATIC]
            cut, end = FRAMES / take.marker_rate, len(take.markers) / take.marker_rate
            first = cut if self.seed % 2 else 0.0
            return recordings.of_moving(lambda x: part_of(x, first, end - cut + first)), first
        angle = 2.0 * np.pi * self.seed / 1000.0
        away = AWAY_M * np.array([np.cos(angle), 0.0, np.sin(angle)])
        static = recordings.takes[STATIC]
        takes = {**recordings.takes, STATIC: static.changed(markers=static.markers + away)}
        return replace(recordings, takes=takes), 0.0


COMPUTED = {"virtual": "legs exchanged", "ja1": "sideways force turned"}
"""Subjects, and what is wrong with the recording that is written in every way."""


def drawn_pairs() -> list[Pair]:
    """Pairs of every way: one with the same fault for each, and about as many of every fault."""
    random, pairs = np.random.default_rng(SEED), []
    for number, way in enumerate(WAYS):
        subject = [*COMPUTED][number % len(COMPUTED)]
        pairs.append(Pair(subject, COMPUTED[subject], way, SEED + number))
    ways = [*WAYS] * (PAIRS // len(WAYS))
    for way in ways[: PAIRS - len(WAYS)]:
        subject = str(random.choice(["virtual", "ja1"]))
        pairs.append(Pair(subject, str(random.choice([*FAULTS])), way, int(random.integers(1000))))
    return pairs


@dataclass(frozen=True)
class Answer:
    """What `aqbio new` and stage prepare say, and the numbers of the run."""

    looks: int
    """Warnings of the summary, but those that ask what a name means."""
    explanation: list[tuple[Any, ...]]
    rules: set[str]
    masses: dict[str, float]
    contacts: list[tuple[str, str]]
    times: np.ndarray
    """Touchdown and toe-off (2, C), s, of contacts that were seen whole; NaN of others."""
    errors: np.ndarray
    peaks: np.ndarray
    """(C,), N, likewise."""


def answer(folder: Any, recordings: Recordings) -> tuple[Study, Answer]:
    """Make a study of recordings and prepare it."""
    said = Outcome()
    study = load_study(written(folder, recordings, FITTED | FEW_DRAWS, said))
    participant = study.participants[0].participant_id
    prepare_participant(study, participant, lambda _: None)
    manifest = study.read_manifest(participant, "prepare")
    entries = [*manifest["trials"], manifest]
    [run] = [entry["trial_id"] for entry in manifest["trials"] if entry["trial_id"] != STATIC]
    data = read_dataset(study.folder(participant, "prepare") / f"{run}.nc")
    whole = data["contact_complete"].values  # one that is cut off ends where the recording does
    return study, Answer(
        looks=sum(
            text.startswith("look:") and not re.search(ABOUT_NAMES, text)
            for _, text in said.sentences
        ),
        explanation=[
            (
                *(entry.get("trial_id"), row["about"], row["fault"], row["verdict"]),
                row["plates"] if row["about"] != "labels" else "",  # which have other names
            )
            for entry in entries
            for row in entry.get("considered", ())
            if row["rank"] == 1
        ],
        rules={
            finding["rule"]
            for entry in entries
            for finding in entry["findings"]
            if finding["severity"] != "info"
        },
        masses=manifest["masses_kg"],
        contacts=list(zip(data["contact_foot"].values, data["contact_plates"].values, strict=True)),
        times=np.where(
            whole, [data["contact_touchdown"].values, data["contact_toe_off"].values], np.nan
        ),
        errors=data["contact_time_error"].values,
        peaks=np.where(whole, data["contact_peak"].values, np.nan),
    )


Made = tuple[Recordings, Study, Answer]


@pytest.fixture(scope="module")
def answers(tmp_path_factory, realdata):
    """Recordings of a subject with a fault, their study and its answer; each is made once."""
    made: dict[tuple[str, str], Made] = {}

    def answer_of(subject: str, fault: str) -> Made:
        if (subject, fault) not in made:
            recordings = short() if subject == "virtual" else ja1(realdata, "sprint")
            recordings = recordings.of_moving(FAULTS[fault])
            made[subject, fault] = recordings, *answer(tmp_path_factory.mktemp(subject), recordings)
        return made[subject, fault]

    return answer_of


def assert_alike(second: Answer, first: Answer, later: float) -> None:
    """Hold the answer of a twin, whose clock begins ``later`` (s), against the first one."""
    assert second.explanation == first.explanation
    assert second.rules == first.rules
    assert second.looks == first.looks
    assert second.contacts == first.contacts
    assert second.masses == pytest.approx(first.masses, rel=0.005)
    away = np.abs(second.times + later - first.times)
    assert (
        away[np.isfinite(away)] <= np.broadcast_to(first.errors, away.shape)[np.isfinite(away)]
    ).all()
    np.testing.assert_allclose(second.peaks, first.peaks, rtol=0.01)


def computed(study: Study, recordings: Recordings) -> Outcome:
    """Steps and contributions of the fitted motion of a prepared study, with few draws."""
    study = run_stages(study.file, since=STAGES[STAGES.index("prepare") + 1])
    [person] = study.participants
    trials = tuple(name for name in recordings.takes if name != STATIC)
    steps = read_table(study.table("steps.tsv"))
    rows = participant_rows(study, person.participant_id, "contributions")
    return Outcome(trials, steps=steps, rows=rows)


SHARES = {"static away": 1.0, "other wording": 1.0, "fewer frames": 0.25}
"""Of its limit a number may differ by, .01 where nothing but names, order and unit does: plates
that bore the static trial say where it stood, some labels say less in another wording, and other
frames are at the end of a filter."""


@pytest.fixture(scope="module")
def numbers(answers):
    """Numbers of a subject with a fault; each is made once."""
    made: dict[tuple[str, str], Outcome] = {}

    def numbers_of(subject: str, fault: str) -> Outcome:
        if (subject, fault) not in made:
            recordings, study, _ = answers(subject, fault)
            made[subject, fault] = computed(study, recordings)
        return made[subject, fault]

    return numbers_of


@pytest.mark.parametrize("pair", drawn_pairs(), ids=str)
def test_twins_get_one_answer_and_numbers_within_their_intervals(answers, numbers, tmp_path, pair):
    recordings, _, first = answers(pair.subject, pair.fault)
    twin, later = pair.twin(recordings)
    study, second = answer(tmp_path, twin)
    assert_alike(second, first, later)
    expected = numbers(pair.subject, pair.fault)
    assert len(expected.steps) > 1
    assert (expected.steps["motion"] == FITTED_MOTION).all()
    assert jumps(expected, computed(study, twin), later, SHARES.get(pair.way, 0.01)) == []


def test_a_jump_is_seen(numbers):
    """Of a speed, and of momenta."""
    first = numbers("virtual", COMPUTED["virtual"])
    assert jumps(first, first, 0.0) == []
    for name, changed in (("speed_mps", 1.05), ("H_push_side_y_stance_mean_kgm2ps", 3.0)):
        steps = first.steps.assign(**{name: first.steps[name] * changed})
        assert any(name in text for text in jumps(first, replace(first, steps=steps), 0.0))
