"""Every kind of study goes from its folder to its page: promised, computed and said alike."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from aqbio.io.study import MODELS, load_study
from aqbio.io.tables import read_table
from aqbio.names import DOUBTFUL
from aqbio.stage_table import STAGES
from tests.jobs import run_jobs
from tests.lacking.alterations import ALTERATIONS
from tests.lacking.kinds import (
    COMMON_KINDS,
    LATE_FORCES_S,
    LOOSE_MARKER_M,
    Kind,
    drawn_kinds,
    late_forces,
    loose_marker,
)
from tests.lacking.outcome import Outcome, filled_study, outcome, outcome_of
from tests.lacking.shared import CHOICES, SETTINGS, SharedStudy, altered_study, sound_study
from tests.pages import words_of
from tests.promises import contradictions
from tests.undrawn import draw_nothing

pytestmark = [pytest.mark.whole, pytest.mark.xdist_group("kinds")]

SEED = 20262
"""Of the kinds and the sizes of faults that nobody chose."""

MASS_KG = "75"


@pytest.fixture(scope="module")
def sound(tmp_path_factory, worker_id) -> SharedStudy:
    return sound_study(tmp_path_factory, worker_id)


def written(kind: Kind, folder: Path, sound: SharedStudy) -> Outcome:
    altered = kind.write(folder / "data", sound.recordings, sound.outcome)
    person = altered.person | ({"mass_kg": MASS_KG} if kind.mass else {})
    return outcome_of(
        lambda result: filled_study(folder, person, CHOICES, result), tuple(altered.takes)
    )


@pytest.mark.parametrize("kind", [*COMMON_KINDS, *drawn_kinds(SEED, 1)], ids=str)
def test_a_study_of_every_kind_has_its_page(sound, tmp_path_factory, worker_id, tmp_path, kind):
    if kind.files == "c3d" and len(kind.lacking) == 1:
        [name] = kind.lacking
        result = altered_study(tmp_path_factory, worker_id, name, ALTERATIONS[name]).outcome
    else:
        result = written(kind, tmp_path, sound)
    assert not result.broken
    assert set(result.pages) >= {"index.html", "results.html", "methods.html", "quality.html"}
    texts = [text for _, text in result.sentences]
    assert not contradictions(texts, result.steps, result.rows)
    counted = result.steps[result.steps["status"] != "rejected"]
    assert len(counted)
    assert counted.loc[counted["status"] == "ok", "speed_mps"].between(9.0, 10.0).all()
    index = words_of(result.pages["index.html"])
    assert "the motion could not be analysed" not in index
    count = int((counted["status"] == "ok").sum())
    number, noun = (count, "step") if count else (len(counted), "single contact")
    assert f"{number} {noun}{'s' * (number != 1)} of 1 athlete" in index
    methods = words_of(result.pages["methods.html"])
    assert ("markers were tracked" in methods) == (not kind.files.startswith("angles"))
    assert ("Joint angles of 1 trial were read" in methods) == kind.files.startswith("angles")
    if count:
        assert "speed n/a" not in words_of("".join(result.pages.values()))


def test_plates_that_weigh_are_not_asked_for_a_mass(sound):
    """Of the unaltered recordings; where no plate is, it is asked for."""
    assert not any(
        "mass_kg" in text for severity, text in sound.outcome.sentences if severity == "info"
    )


FORCES = ("peak_vertical_force_bw", "mean_vertical_force_bw", "M_residual_y_stance_rms_Nm")


def test_late_forces_are_used_as_much_earlier(sound, tmp_path):
    """By the cell that `aqbio new` proposes."""
    size = float(np.random.default_rng(SEED).uniform(*LATE_FORCES_S))
    result = outcome(tmp_path, late_forces(size)(sound.recordings), SETTINGS)
    assert not result.broken
    rules = set(read_table(result.results / "tables" / "findings.tsv")["rule"])
    assert "force-clock" in rules
    assert "forces-not-used" not in rules
    steps, expected = (
        table[table["status"] == "ok"].set_index("step")
        for table in (result.steps, sound.outcome.steps)
    )
    assert len(steps) >= len(expected) - 1
    both = steps.index.intersection(expected.index)
    for name in FORCES[:2]:
        np.testing.assert_allclose(steps.loc[both, name], expected.loc[both, name], rtol=0.02)


def test_what_must_not_be_used_is_said_on_every_page(sound, tmp_path):
    size = float(np.random.default_rng(SEED).uniform(*LOOSE_MARKER_M))
    result = outcome(tmp_path, loose_marker(size)(sound.recordings), SETTINGS)
    assert not result.broken
    [trial] = read_table(result.results / "tables" / "trials.tsv").to_dict("records")
    assert trial["state"] == DOUBTFUL
    assert isinstance(trial["against"], str)
    for page, text in result.pages.items():
        main = words_of(text[text.index("<main") :])
        assert "Not to be relied on" in main[:40], page  # before any number
    of_flow = r'<section id="flow".*?</section>'  # counts of what was recorded and left out
    results = re.sub(of_flow, "", result.pages["results.html"], flags=re.S)
    for caption in re.findall(r"<figcaption>.*?</figcaption>", results, re.S):
        assert "Not to be relied on: 1 of 1 trials." in words_of(caption)
    forces = result.steps.loc[result.steps["status"] == "ok", list(FORCES)]
    assert not forces.isna().all(axis=None)
    levels = result.rows.loc[result.rows["value"].notna(), "level"].astype(str)
    assert levels.isin(["C", "joint"]).any()
    rules = set(read_table(result.results / "tables" / "findings.tsv")["rule"])
    assert "forces-not-used" not in rules
    verdicts = read_table(result.results / "tables" / "verdicts.tsv")
    assert not verdicts["verdict"].isin(["supported", "not_supported"]).any()


def test_nothing_is_said_against_sound_recordings(sound):
    result = sound.outcome
    [trial] = read_table(result.results / "tables" / "trials.tsv").to_dict("records")
    assert not isinstance(trial["against"], str)
    assert "Not to be relied on" not in words_of("".join(result.pages.values()))


@pytest.mark.opensim
def test_a_model_that_crashes_opensim_costs_its_person(sound, tmp_path, monkeypatch):
    """Its parser of XML has no end of nested tags, but the stack has."""
    draw_nothing(monkeypatch)
    kind = Kind("angles and mot")
    kind.write(tmp_path / "data", sound.recordings, sound.outcome)
    file = filled_study(tmp_path, {"sex": "male"}, SETTINGS, Outcome())
    text = (MODELS / "sprint" / "sprint_male.osim").read_text(encoding="utf-8")
    before, tag, after = text.partition("<JointSet")
    deep = f"{before}{'<a>' * 200_000}{'</a>' * 200_000}{tag}{after}"
    (tmp_path / "data" / "deep.osim").write_text(deep, encoding="utf-8")
    for sheet in ("participants.tsv", "trials.tsv"):
        path = file.with_name(sheet)
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        second_person = [row.replace("S01", "S02", 1) for row in rows]
        if sheet == "participants.tsv":
            second_person = [re.sub(r"[^\t]*\.osim", "deep.osim", row) for row in second_person]
        path.write_text("\n".join([header, *rows, *second_person]) + "\n", encoding="utf-8")
    study = load_study(file)
    run_jobs(study, STAGES[: STAGES.index("tables") + 1])
    steps = read_table(study.table("steps.tsv"))
    assert set(steps["participant_id"]) == {"S01"}
    trials = read_table(study.table("trials.tsv")).set_index("participant_id")
    assert "crashed over a file" in trials.loc["S02", "reason"]
    findings = read_table(study.table("findings.tsv"))
    crash = findings[findings["rule"] == "library-crash"]
    assert set(crash["participant_id"]) == {"S02"}
    assert set(crash["file"]) == {"model_file of S02"}
