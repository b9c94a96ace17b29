"""What a message says to do is done to the letter, and the study can then be run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aqbio.errors import Finding
from aqbio.intake.check import written_problems
from tests.altered_study import alter
from tests.recorded_study import record
from tests.small_study import write_small_study

Change = dict[str, Any]


def taken(pattern: str, words: str) -> str:
    """The part of a message that it says to write."""
    match = re.search(pattern, words)
    assert match is not None, words
    return match[1]


def written_for(file: str, wrong: str, pattern: str = r"did you mean (\w+)\?") -> Callable:
    """Put what the fix names where the wrong word stands."""
    return lambda finding: [{"replace": [file, wrong, taken(pattern, finding.fix)]}]


STRENGTH = "participant_id\tside\tmovement\tcontraction\tvalue\tunit\tvelocity_deg_s\n"
ISOKINETIC = "P1\tleft\tknee_extension\tisokinetic_60\t180\tN m\t\n"
LOADS = "<OpenSimDocument><ExternalLoads><objects/></ExternalLoads></OpenSimDocument>"


def _concentric(finding: Finding) -> list[Change]:
    speed = taken(r"the speed \((\d+)\) into its column, velocity_deg_s", finding.fix)
    way = taken(r"did you mean (\w+) at 60 degrees per second", finding.fix)
    row = f"P1\tleft\tknee_extension\t{way}\t180\tN m\t{speed}\n"
    return [{"write": ["strength.tsv", STRENGTH + row]}]


CASES: dict[str, tuple[list[Change], str, Callable[[Finding], list[Change]]]] = {
    "a setting with a slip": (
        [{"settings": "prepare: {cutof_hz: 15}"}], "settings",
        written_for("study.yaml", "cutof_hz"),
    ),
    "a mass in grams": (
        [{"replace": ["participants.tsv", "60.5", "60500"]}], "settings",
        written_for("participants.tsv", "60500", r"write kilograms: ([\d.]+)\."),
    ),
    "a participant with a slip": (
        [{"replace": ["trials.tsv", "P2\tfast\trun", "P22\tfast\trun"]}], "participant-unknown",
        written_for("trials.tsv", "P22"),
    ),
    "a static trial with a slip": (
        [{"replace": ["participants.tsv", "n/a\tn/a\tstanding", "n/a\tn/a\tstandimg"]}],
        "static-unknown", written_for("participants.tsv", "standimg"),
    ),
    "a body with a slip": (
        [{"map": ["markers.yaml", "  C7: {body: torso}", "  C7: {body: torsoo}"]}],
        "body-unknown", written_for("map/markers.yaml", "torsoo"),
    ),
    "a label with a slip": (
        [{"map": ["markers.yaml", "  STRN: {body", "  STRM: {body"]}], "label-nowhere",
        written_for("map/markers.yaml", "STRM"),
    ),
    "a coordinate with a slip": (
        [{"map": ["map.yaml", "knee_r", "knie_r"]}], "map-names",
        written_for("map/map.yaml", "knie_r"),
    ),
    "millimetres that are said to be metres": (
        [{"settings": "laboratory: {marker_unit: m}"}], "marker-size",
        lambda finding: [  # of its recordings some are in metres
            {"replace": ["study.yaml", "marker_unit: m",
                         f"marker_unit: {taken('(auto) where recordings differ', finding.fix)}"]}
        ],
    ),
    "no sex": (
        [{"replace": ["participants.tsv", "P2\tmale", "P2\tn/a"]}], "participant-sex",
        lambda finding: [
            {"replace": ["participants.tsv", "P2\tn/a",
                         f"P2\t{taken('write female or (male),', finding.fix)}"]}
        ],
    ),
    "a run that is said to stand": (
        [{"replace": ["trials.tsv", "P2\tfast\trun", "P2\tfast\tstatic"]}], "task",
        lambda finding: [{"replace": ["trials.tsv", "P2\tfast\tstatic", "P2\tfast\trun"]}],
    ),
    "a plate that is not there": (
        [{"settings": "laboratory: {ignore_plates: [9]}"}], "plate-unknown",
        written_for("study.yaml", "9", r"the recordings have plates (1)"),
    ),
    "an isokinetic test without its way": (
        [{"write": ["strength.tsv", STRENGTH + ISOKINETIC]}], "settings", _concentric,
    ),
    "external loads that name no forces": (
        [{"write": ["data/loads.xml", LOADS]},
         {"replace": ["trials.tsv", "P1_slow.mot", "loads.xml"]}],
        "external-loads",
        lambda finding: [
            {"replace": ["trials.tsv", "loads.xml",
                         f"P1_slow.{taken('name the (MOT) file itself', finding.fix).lower()}"]}
        ],
    ),
}  # fmt: skip
"""What is wrong, the rule that finds it, and what the message says to do."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    record(write_small_study(folder, results="results"))
    return folder


def errors(study: Path) -> list[Finding]:
    return [finding for finding in written_problems(study)[0] if finding.severity == "error"]


@pytest.mark.parametrize("name", CASES)
def test_a_fix_that_is_followed_to_the_letter_leaves_nothing_to_fix(name, recorded, tmp_path):
    changes, rule, follow = CASES[name]
    folder = tmp_path / "study"
    shutil.copytree(recorded, folder)
    alter(folder, changes)
    before = errors(folder / "study.yaml")
    finding = next(finding for finding in before if finding.rule == rule)
    alter(folder, follow(finding))
    assert [str(finding) for finding in errors(folder / "study.yaml")] == []
