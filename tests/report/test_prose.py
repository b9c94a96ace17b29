"""Prose against tables: every sentence says what its rows say, in studies that lack something."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from aqbio.errors import Finding, causes
from aqbio.figures.stage import figures_study
from aqbio.figures.words import digits
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.names import TRIAL_STATES
from aqbio.pages.page import StudyContent
from aqbio.pages.quality import beyond_limits, disagreement_words
from aqbio.pages.record_next import STAND, finding_advice, verdict_advice
from aqbio.pages.stage import report_study, write_one_file
from aqbio.pages.stance import (
    UNIT,
    carried_words,
    driven_words,
    effect_columns,
    fastest,
    speed_columns,
)
from aqbio.pages.summary import gaps, sample_words, state_words, step_words, trial_state
from aqbio.pages.verdicts import FAMILIES, verdict_section
from aqbio.pages.words import FAILED_GATES, LABELS
from aqbio.stats.registry import read_registry
from tests.figures.made_results import FAILED, write_made_results
from tests.pages import pages_text, words_of
from tests.undrawn import draw_nothing

pytestmark = pytest.mark.xdist_group("prose")

STUDIES = {
    "two athletes": {"lacking": ()},
    "one athlete": {"participants": 1, "lacking": ()},
    "none usable": {"participants": 1, "steps": False},
    "no forces": {"lacking": ("forces",)},
    "no arms": {"lacking": ("arms",)},
    "no static": {"lacking": ("static",)},
}
"""What a study may lack, and how it is made."""


@pytest.fixture(scope="module", params=STUDIES)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    figures = {"widths_mm": [85], "formats": ["svg"], "speed_edges_mps": [0, 8, 12]}
    made = write_made_results(
        tmp_path_factory.mktemp("prose"), figures=figures, **STUDIES[request.param]
    )
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        figures_study(made, lambda _: None)
    report_study(made, lambda _: None)
    write_one_file(made, lambda _: None)
    return made


@pytest.fixture(scope="module")
def content(study: Study) -> StudyContent:
    return StudyContent(study)


def numbers(sentence: str) -> list[str]:
    """Numbers of a sentence, as they are written."""
    return re.findall(r"(?<![\w.])−?\d+(?:\.\d+)?", sentence)


def test_every_part_of_every_page_is_there(study: Study) -> None:
    """Nothing is missing, no number is a NaN, no sentence is empty or doubled."""
    for path in (study.root / "report").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "is missing</h2>" not in text, path.name
        said = words_of(text)
        assert not re.search(r"\b(nan|None|undefined)\b", said), path.name
        assert " ." not in said
        assert "in 0 of 0" not in said


def test_the_sample_is_counted(content: StudyContent) -> None:
    steps, trials = content.tables["steps"], content.tables["trials"]
    kept = steps[steps["status"] == "ok"]
    said = sample_words(content.people, trials, steps)
    if kept.empty:
        assert said == (
            f"No step of {len(content.names)} athlete in {len(trials)} trials was kept: nothing "
            "can be said about the motion."
        )
        return
    ends = [digits(one, "m/s") for one in (kept["speed_mps"].min(), kept["speed_mps"].max())]
    assert numbers(said) == [str(len(kept)), str(len(content.names)), *ends]


def test_trials_are_counted_by_state_with_the_measures_that_decide(content: StudyContent) -> None:
    trials = content.tables["trials"]
    said = state_words(trials)
    assert numbers(said)[0] == str(len(trials))
    for state in TRIAL_STATES:
        count = int((trials["state"] == state).sum())
        assert (re.search(rf"\b{count} {state}(?! without)", said) is not None) == (count > 0)
    doubtful = int((trials["outside"] == "foot_slip").sum())
    assert (f"slip of the planted foot, largest in {doubtful}" in said) == (doubtful > 0)
    told = {trial_state(row).partition(":")[0] for row in trials.to_dict("records")}
    assert told == set(trials["state"])


def test_contacts_add_up(content: StudyContent) -> None:
    steps = content.tables["steps"]
    every, *parts = map(int, numbers(step_words(steps)))
    assert every == sum(parts) == len(steps)


def test_what_cannot_be_said_is_said_with_its_reason(content: StudyContent) -> None:
    steps, trials = content.tables["steps"], content.tables["trials"]
    said = " ".join(gaps(trials, steps))
    own = steps[steps["status"] != "rejected"]
    sides = own["H_push_side_y_stance_mean_kgm2ps"].isna().any()
    forces = own["peak_vertical_force_bw"].isna().any()
    assert ("about the two sides" in said) == bool(len(own) and sides)
    assert ("markers do not show both arms" in said) == bool(len(own) and sides)
    assert ("no plate measured the force" in said) == bool(len(own) and forces)
    assert ("No step was kept" in said) == (len(own) == 0)


def test_what_both_sides_carry_is_the_table_of_stance_means(content: StudyContent) -> None:
    means = read_table(content.study.root / "figures" / "stance_means.tsv")
    said = carried_words(speed_columns(means))
    if means.empty:
        assert said == ""
        return
    own = means[means["speed_mps"] == means["speed_mps"].max()]
    own = own[(own["quantity"] == "angular_momentum") & (own["axis"] == "y")].set_index("source")
    if own["mean"][["push_side", "swing_side"]].isna().any():
        assert "what both sides carry is not known" in said
        assert UNIT not in said
        return
    expected = [digits(own["mean"][one], UNIT) for one in ("push_side", "swing_side", "total")]
    assert numbers(said)[-3:] == expected
    opposed = own["mean"]["push_side"] * own["mean"]["swing_side"] < 0
    assert ("in opposite directions" in said) == bool(opposed)


@pytest.mark.parametrize("compared", [False, True])
def test_a_joint_is_named_only_where_direction_and_rank_are_sure(
    content: StudyContent, compared: bool
) -> None:
    table = content.numbers_of("caused_rotation")
    said = driven_words(fastest(effect_columns(table, compared=compared)))
    if table.empty:
        assert said.startswith("Which joints drive the rotation cannot be said")
        return
    own = table[table["speed_mps"] == table["speed_mps"].max()]
    for panel, side in (("push_side_y", "push side"), ("swing_side_y", "swing side")):
        rows = own[(own["panel"] == panel) & own["source"].str.contains("push$|swing$|lumbar")]
        rows = rows[~rows["source"].isin(["push_side", "swing_side"])]
        primary = rows[rows["variant"] == "C2"].set_index("source")
        if primary.empty:
            continue
        largest = primary["mean"].abs().idxmax()
        every = rows[rows["source"] == largest]
        ends = pd.concat(
            [every["mean"], primary.loc[[largest], "low"], primary.loc[[largest], "high"]]
        )
        low, high = primary["low"], primary["high"]
        least = pd.concat([low.abs(), high.abs()], axis=1).min(axis=1).where(low * high > 0, 0.0)
        most = pd.concat([low.abs(), high.abs()], axis=1).max(axis=1)
        first = (most.drop(largest) <= least[largest]).all()
        sure = bool(compared and first and ((ends > 0).all() or (ends < 0).all()))
        clause = next(one for one in said.split(";") if side in one)
        assert ("largest single contribution" in clause) == sure
        assert ("cannot be said" in clause) != sure
        assert digits(primary.loc[largest, "mean"], "N m") in clause


def test_verdicts_are_counted_as_in_their_table(content: StudyContent) -> None:
    section = verdict_section(content.verdicts)
    table, parts = content.verdicts.verdicts, section.counted.split("; ")
    judged = table["hypothesis"].isin([one.id for one in read_registry().hypotheses if one.judged])
    for own, said in zip((table[judged], table[~judged]), parts, strict=True):
        count = own["verdict"].value_counts()
        assert numbers(said)[0] == str(len(own))
        for verdict, label in LABELS.items():
            number = int(count.get(verdict, 0))
            words = f"{number} {'is' if number == 1 else 'are'} {label.partition(',')[0]}"
            assert (words in said) == (number > 0)
    shown = [one.hypothesis.id for _, every in section.parts for one in every]
    assert sorted(shown) == sorted(table["hypothesis"])
    families = {one.hypothesis.family for _, every in section.parts for one in every}
    titles = [title for title, _ in section.parts if title in FAMILIES]
    assert {title.lower() for title in titles} <= families


def test_measures_outside_their_limits_are_counted(content: StudyContent) -> None:
    quality = content.tables["quality"]
    found = dict(beyond_limits(quality))
    failed = quality[quality["verdict"] == "fail"]
    assert len(found) == failed["measure"].nunique()
    counts = failed.groupby("measure").size()
    assert sorted(int(one.split(" of ")[0]) for one in found.values()) == sorted(counts)
    said = disagreement_words(quality)
    for prefix, when in (("plain_", "before the"), ("", "in the motion")):
        own = failed[failed["measure"].str.match(rf"{prefix}residual_(force|moment)_[xyz]_rms")]
        places = own[["participant_id", "trial_id"]].drop_duplicates()
        if len(quality):
            assert re.search(rf"{when} [^,]*in {len(places)} of", said)


def test_advice_is_what_findings_and_gates_ask_for(content: StudyContent) -> None:
    advice = list(finding_advice(content.causes, content.postures))
    grave = {one.first.fix for one in content.causes if one.first.severity != "info"} - {""}
    assert len([one for one in advice if one.what != STAND]) == len(grave)
    assert [one.what for one in advice].count(STAND) == (content.postures is not None)
    section = verdict_section(content.verdicts)
    told = list(verdict_advice(section.verdicts))
    table = content.verdicts.verdicts
    untested = table[table["verdict"] == "not_testable"]
    gates = {gate for one in table["gates"].dropna() for gate in one.split(", ")} & set(
        FAILED_GATES
    )
    assert len(told) == len(untested) + len(gates)
    for one in told[len(untested) :]:
        counted = int(numbers(one.why)[0])
        assert counted == len(one.concerns.split(", "))


def test_methods_describe_this_run(content: StudyContent, study: Study) -> None:
    text = words_of((study.root / "report" / "methods.html").read_text(encoding="utf-8"))
    trials = list(study.trials)
    failed = sum((one.participant_id, one.trial_id) == FAILED[:2] for one in trials)
    assert f"{len(study.participants)} athlete" in text
    assert f"{len(trials) - failed} moving trials (overground); no static trial was used" in text
    assert "42 markers were tracked at 250 Hz" in text
    fitted = [
        one for record in content.manifests("inverse_dynamics").values()
        for one in record["trials"] if one.get("motion") == "fitted"
    ]  # fmt: skip
    assert f"In {len(fitted)} trials raw markers" in text or f"In {len(fitted)} trial raw" in text
    plain = len(trials) - failed - len(fitted)
    assert re.search(rf"In {plain} trials? motion and forces were low-pass filtered at 20 Hz", text)
    judged = int(content.verdicts.verdicts["p_holm"].notna().sum())
    assert f"{judged} statistic" in text
    record = json.loads((study.root / "registry.json").read_text(encoding="utf-8"))
    assert str(record["hash"]) in text


def test_the_first_page_answers_first(study: Study) -> None:
    """Three to five sentences, then sample, verdicts, athletes; nothing red before them."""
    text = (study.root / "report" / "index.html").read_text(encoding="utf-8")
    main = text[text.index("<main") :]
    places = [main.index(f'id="{one}"') for one in ("answer", "summary", "marks", "athletes")]
    assert places == sorted(places)
    assert 'class="fail"' not in main[: places[1]]


def test_pages_are_short(study: Study) -> None:
    """At most 1,500 words that are not folded."""
    for path in (study.root / "report").rglob("*.html"):
        if path.name == "one_file.html":
            continue
        text = re.sub(r"<details.*?</details>", "", path.read_text(encoding="utf-8"), flags=re.S)
        assert len(words_of(text[text.index("<main") :]).split()) <= 1500, path.name


def planted(study: Study, table: str, before: str, after: str) -> str:
    """Text of all pages after a table was changed, and changed back."""
    path = study.table(f"{table}.tsv")
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    try:
        report_study(study, lambda _: None)
        return words_of(pages_text(study.root))
    finally:
        path.write_text(text, encoding="utf-8")


def test_planted_contradictions_reach_the_prose(tmp_path: Path) -> None:
    """A trial that becomes doubtful, a verdict that turns, a reason that changes: prose follows."""
    made = write_made_results(tmp_path, figures={"widths_mm": [85], "formats": ["svg"]})
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        figures_study(made, lambda _: None)
    report_study(made, lambda _: None)
    before = words_of(pages_text(made.root))
    assert "2 doubtful (slip of the planted foot, largest in 2)" in before
    drifting = planted(made, "trials", "foot_slip", "flight_drift_y")
    assert "drift of the total in flight, vertical axis in 2" in drifting
    assert "slip of the planted foot, largest in" not in drifting
    count = read_table(made.table("verdicts.tsv"))["verdict"].value_counts()
    assert f"{count['not_supported']} are not supported" in before
    turned = planted(made, "verdicts", "\tnot_supported\t", "\tinconclusive\t")
    assert "not supported" not in turned.partition("Sample and trials")[0]
    assert FAILED[2].removesuffix(".") in before
    assert "exchanged labels" in planted(made, "trials", FAILED[2], "prepare: exchanged labels.")


def test_one_cause_gives_one_advice() -> None:
    """Ten warnings with one remedy are one line, with the example and how many more there are."""
    found = causes(
        Finding(f"length-{n}", "warning", f"{n} is long.", participant="A", fix="check stature")
        for n in "abcdefghij"
    )
    [advice] = finding_advice(found, None)
    assert advice.what == "Check stature."
    assert "and 9 findings like it" in advice.why
    assert advice.concerns == "A"
