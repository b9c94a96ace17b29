"""Folders of video systems: what their settings say, whose they are, and what becomes of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml

from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.intake.sessions import VideoSession, cells_of_sessions, read_session
from aqbio.io.tables import read_table
from tests.golden import differences
from tests.markerless import NAMES, PEOPLE, opencap_session, pose2sim_project
from tests.one_each import ONE_EACH
from tests.outcome_lines import outcome_lines, texts
from tests.promises import contradictions, promised_lines
from tests.real.staged import run_stages

OPENCAP, POSE2SIM = "sessionMetadata.yaml", "Config.toml"


def test_golden_cells_from_settings_of_video(tmp_path):
    """No name, also of settings that cannot be read."""
    lines = []
    texts_of_kind = texts(Path(__file__).with_name("video_settings.txt"))
    for name, number, text in (
        (k, n, x) for k, numbered in texts_of_kind.items() for n, x in numbered.items()
    ):
        (tmp_path / name).write_text(text)
        lines += outcome_lines(
            f"{number} {name}",
            lambda name=name: [
                f"{session.cells} {session.doubts}"
                for session in read_session(tmp_path / name, Path(name))
            ],
            tmp_path,
        )
    assert "Lovelace" not in "".join(lines)
    assert differences("intake/sessions", lines) == []


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        ({"a": {"mass_kg": "70"}, "b": {"mass_kg": "80"}}, {"P1": "70", "P2": "80"}),
        # of a folder with two people nobody knows whose the value is
        ({"": {"mass_kg": "70"}}, {}),
        ({"": {"mass_kg": "70"}, "b": {"mass_kg": "80"}}, {"P2": "80"}),
        # an inner folder replaces the outer one; two that lie side by side contradict each other
        ({"a": {"mass_kg": "70"}, "a/x": {"mass_kg": "71"}}, {"P1": "71"}),
        ({"a/x": {"mass_kg": "70"}, "a/y": {"mass_kg": "71"}}, {}),
        ({"a/x": {"mass_kg": "70"}, "a/y": {"mass_kg": "70"}}, {"P1": "70"}),
    ],
)
def test_a_value_belongs_to_the_only_person_of_its_folder(sessions, expected):
    owners = {Path("a/x/1.trc"): "P1", Path("a/y/2.trc"): "P1", Path("b/3.trc"): "P2"}
    cells_of_person = cells_of_sessions(
        [VideoSession("", Path(folder) / "s", cells) for folder, cells in sessions.items()], owners
    )
    assert {name: cells["mass_kg"] for name, cells in cells_of_person.items() if cells} == expected


def _participants(study):
    with (study / "participants.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.whole
@pytest.mark.opensim
@pytest.mark.parametrize("static", [True, False])
def test_sessions_of_opencap_become_a_study_that_runs(tmp_path, static):
    """Two sessions of other people, rates and floors; one of them is computed."""
    rng = np.random.default_rng(49 + static)
    for number, person in enumerate(PEOPLE):
        opencap_session(tmp_path / "data" / f"OpenCapData_{number}", person, rng, static=static)
    summary = new_study_from(tmp_path / "study", tmp_path / "data", None, lambda _: None)
    rows = _participants(tmp_path / "study")
    people = [(row["sex"], row["mass_kg"], row["height_m"]) for row in rows]
    assert people == [
        (person.sex, f"{person.mass_kg:g}", f"{person.height_m:g}") for person in PEOPLE
    ]
    assert {row["please_fill"] for row in rows} == {"n/a"}
    assert "Please fill in" not in summary
    contents = [path.read_text("utf-8") for path in (tmp_path / "study").iterdir()]
    assert not any(part in text for name in NAMES for part in name.split() for text in contents)
    if not static:  # the harder one
        _keeps_its_word(tmp_path / "study", summary)


@pytest.mark.whole
@pytest.mark.opensim
def test_a_project_of_pose2sim_becomes_a_study_that_runs(tmp_path):
    """Raw and filtered files are one trial, and mass and stature those of its settings."""
    rng = np.random.default_rng(49)
    pose2sim_project(tmp_path / "data", PEOPLE[0], rng)
    summary = new_study_from(tmp_path / "study", tmp_path / "data", None, lambda _: None)
    assert summary.count("the same recording as") == 2
    assert summary.count("which is less filtered") == 2
    [row] = _participants(tmp_path / "study")
    assert (row["mass_kg"], row["height_m"]) == ("75", "1.8")
    assert row["please_fill"] == "sex (female or male)"
    sheet = tmp_path / "study" / "participants.tsv"
    sheet.write_text(sheet.read_text("utf-8").replace("\tn/a\t", "\tmale\t", 1), "utf-8")
    _keeps_its_word(tmp_path / "study", summary)


def _keeps_its_word(study, summary):
    """``check`` has no error, and the steps hold exactly the results that the summary promised."""
    file = study / "study.yaml"
    content = yaml.safe_load(file.read_text("utf-8")) | yaml.safe_load(ONE_EACH)
    content |= {"contributions": {"draws": 0}, "results": str(study / "results")}
    file.write_text(yaml.safe_dump(content | {"consistency": {"enabled": False}}))
    assert [problem for problem in study_problems(file) if problem.severity == "error"] == []
    steps = read_table(run_stages(file).table("steps.tsv"))
    assert not contradictions(promised_lines(summary), steps)
    assert (steps["status"] == "ok").sum() > 4
