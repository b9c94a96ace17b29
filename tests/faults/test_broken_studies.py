"""Broken studies and random files are reported quickly: problem, position and fix."""

from __future__ import annotations

import time

import pytest

from benchmarks.faults.cases import CASES
from benchmarks.faults.corpus import answers, sound_study, warnings_of
from benchmarks.faults.doors import DOORS, sound_files
from benchmarks.faults.fuzz import fuzzed

RULES = {
    "C3D: nothing seen": "c3d-no-markers",
    "TRC: empty": "trc-format",
    "TRC: time that stands": "time-not-uniform",
    "participants: a column twice": "sheet-column",
    "participants: commas, and a decimal one": "sheet-separator",
    "participants: too many cells": "sheet-row",
}
"""Rules of cases that no other test provokes."""

QUICK_S = 20.0
"""On a busy machine; most take half a second."""


def test_nothing_of_the_sound_study_is_damaged(tmp_path):
    rules = {problem.rule for problem in warnings_of(sound_study(tmp_path / "sound"))}
    assert rules == {"label-needed", "label-nowhere"}, "eight of 51 markers"


@pytest.mark.parametrize("name", CASES)
def test_a_broken_study_is_told(name, tmp_path):
    broken, words = CASES[name]
    begin = time.monotonic()
    problems = list(answers(broken, tmp_path))
    assert time.monotonic() - begin < QUICK_S
    expected = [
        problem
        for problem in problems
        if words in f"{problem.what} {problem.file} {problem.where} {problem.fix}"
    ]
    assert expected, [problem.what for problem in problems]
    assert RULES.get(name, expected[0].rule) in {problem.rule for problem in expected}
    assert not [problem.what for problem in problems if "internal error" in problem.what], (
        "our words, not Python's"
    )
    for problem in expected:
        assert problem.file
        assert len(problem.what) < 1000
    assert any(problem.fix for problem in expected)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    return folder, sound_files(folder)


@pytest.mark.parametrize("name", DOORS)
def test_no_mutation_of_it_makes_a_traceback_or_nonsense(name, sound):
    """Of 40, after the sound file itself; `make fuzz` tries 100,000."""
    folder, files = sound
    assert DOORS[name].read(folder / DOORS[name].file) == ""
    count = max(5, int(40 * min(1.0, DOORS[name].share)))
    outcome = fuzzed(DOORS[name], files[name], folder, count, start=7)
    assert outcome.tried >= count // 2
    assert not outcome.tracebacks
    assert not outcome.nonsense
    assert not outcome.hangs
