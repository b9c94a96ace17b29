"""The registry, its contrasts and docs/claims.md: read, refused in words, judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from aqbio.config import InvalidStudyError
from aqbio.stats.evidence import TRIAL, Evidence, Presence
from aqbio.stats.outcomes import hypothesis_outcome
from aqbio.stats.registry import DEFAULT, VERSION, OwnContrast, read_registry
from aqbio.stats.verdict import verdicts
from tests.golden import differences

CONTENT = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))


def _written(tmp_path, content):
    path = tmp_path / "hypotheses.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def test_the_hash_sees_every_value(tmp_path):
    hashes = {read_registry().hash}
    for key, value in (("delta", 0.051), ("claim", "another claim"), ("alpha", 0.04)):
        changed = CONTENT | {"hypotheses": [dict(entry) for entry in CONTENT["hypotheses"]]}
        changed["hypotheses"][0][key] = value
        hashes.add(read_registry(_written(tmp_path, changed)).hash)
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("delta", -0.1, "delta"),
        ("delta", 0, "delta"),
        ("predicted", "bigger", "predicted"),
        ("sesoi", 0.05, "sesoi"),
        ("source", "7", "source"),
        ("claim", "x" * 171, "claim"),
        ("family", "primary", "family"),
        ("statistic", "oposition_difference", "statistic"),
    ],
)
def test_a_wrong_entry_is_refused_in_words(tmp_path, key, value, words):
    wrong = {"version": VERSION, "hypotheses": [{**CONTENT["hypotheses"][0], key: value}]}
    with pytest.raises(InvalidStudyError, match=words):
        read_registry(_written(tmp_path, wrong))


def test_an_entry_is_there_once(tmp_path):
    twice = {"version": VERSION, "hypotheses": [CONTENT["hypotheses"][0]] * 2}
    with pytest.raises(InvalidStudyError, match="H1 is there twice"):
        read_registry(_written(tmp_path, twice))


@pytest.mark.parametrize(
    ("version", "words"),
    [({"version": VERSION - 1}, f"version must be one of `{VERSION}`"), ({}, "version is missing")],
)
def test_a_registry_for_other_rules_is_refused(tmp_path, version, words):
    content = version | {"hypotheses": CONTENT["hypotheses"]}
    with pytest.raises(InvalidStudyError, match=words):
        read_registry(_written(tmp_path, content))


def test_untested_claims_say_what_it_would_take():
    untested = read_registry().untested
    without_labels = read_registry().with_labels([]).untested
    assert len(without_labels) == len(untested) + len(read_registry().contrasts)
    assert len({claim.claim for claim in without_labels}) == len(without_labels)
    assert all(claim.why for claim in without_labels)


PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
LABELS = {"implied by mechanics", "cannot be otherwise in bodies", "testable"}
TABLE = [[cell.strip() for cell in line.strip().strip("|").split("|")]
         for line in PAGE.splitlines() if line.startswith("|")]  # fmt: skip
ROWS = [row for row in TABLE if len(row) == 7][2:]
CONTRASTS = [row for row in TABLE if len(row) == 3][2:]


def test_hypotheses_and_contrasts_are_those_of_the_registry():
    """Each hypothesis has a sentence; the 32 other claims are contrasts or have a reason."""
    registry = read_registry()
    entries = (*registry.hypotheses, *registry.untested)
    ids = {entry.id for entry in entries if entry.id and entry.source != "own"}
    assert {row[2] for row in ROWS} == ids
    claims = {contrast.claim: f"`{name}`:" for name, contrast in registry.contrasts.items()}
    claims |= {entry.claim: "not tested:" for entry in registry.untested if not entry.id}
    assert len(CONTRASTS) == len(claims) == 32
    for _, quote, entry in CONTRASTS:
        begin = quote.strip('"').removesuffix(" ...")
        (words_of_claim,) = [words for claim, words in claims.items() if claim.startswith(begin)]
        assert entry.startswith(words_of_claim)


OWN_CONTRAST = """
contrasts:
  quick_feet_contact:
    condition: quick_feet
    outcome: contact_s
    predicted: less
    delta: 3
"""


def _registry(text, folder):
    path = folder / "hypotheses.yaml"
    path.write_text(text, encoding="utf-8")
    return read_registry(path)


def test_four_lines_add_a_contrast_to_the_entries_of_aqbio(tmp_path):
    registry, shipped = _registry(OWN_CONTRAST, tmp_path), read_registry()
    assert registry.hypotheses == shipped.hypotheses
    assert registry.hash != shipped.hash
    labelled = registry.with_labels(["normal", "quick_feet"])
    (contrast,) = [contrast for contrast in labelled.hypotheses if contrast.family == "contrast"]
    assert (contrast.id, contrast.predicted, contrast.delta) == ("quick_feet_contact", "less", 3.0)
    assert contrast.contrast.held_equal == ("order", "speed")
    assert contrast.unit == "percent of the reference"
    assert registry["quick_feet_contact"] == contrast
    assert len(registry.with_labels([]).hypotheses) == len(shipped.hypotheses)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("    outcome: contact", "contact_s"),
        ("    outcome: push_index\n    size: own", "percent"),
        ("    reference: quick_feet", "itself"), ("    delta: 0", "delta"),
        ("    condition: two words", "condition"), ("    outcom: contact_s", "outcom"),
    ],
)  # fmt: skip
def test_a_wrong_contrast_is_refused_in_words(tmp_path, line, words):
    key = line.strip().partition(":")[0]
    other_lines = [
        line_of_yaml
        for line_of_yaml in OWN_CONTRAST.splitlines()
        if line_of_yaml.strip().partition(":")[0] != key
    ]
    with pytest.raises(InvalidStudyError, match=words):
        _registry("\n".join([*other_lines, line]), tmp_path)


POWER, FATIGUE = -1.5, -0.006


def _evidence(random, athletes=12, change=0.0, slower=0.04, sprints_each=3):
    """An outcome that falls with a power of speed, sprints in random order, and normal steps."""
    names = pd.Index([f"athlete-{number:02d}" for number in range(athletes)])
    level, powers = random.normal(0.0, 0.1, athletes), random.normal(POWER, 0.2, athletes)
    steps = pd.DataFrame(
        [
            (name, f"trial-{v}", v, number, "left", v + random.normal(0.0, 0.05))
            for name in names
            for v in (5.0, 6.5, 8.0, 9.0)
            for number in range(6)
        ],
        columns=["participant_id", "trial_id", "level", "step", "side", "speed_mps"],
    )
    athlete = names.get_indexer(steps["participant_id"])
    noise = np.exp(random.normal(0.0, 0.03, len(steps)))
    steps["contact_s"] = (
        np.exp(level[athlete]) * 0.1 * (steps["speed_mps"] / 8.0) ** powers[athlete] * noise
    )
    steps["participant_id"] = pd.Categorical(steps["participant_id"], names)
    rows = []
    for athlete_index, name in enumerate(names):
        for order, condition in enumerate(random.permutation(["normal", "cue"] * sprints_each)):
            cue = condition == "cue"
            speed = 9.0 * (1.0 - slower * cue) * (1.0 + FATIGUE * order)
            speed *= 1.0 + random.normal(0.0, 0.005)
            contact = np.exp(level[athlete_index]) * 0.1 * (speed / 8.0) ** powers[athlete_index]
            contact *= np.exp(random.normal(change * cue, 0.02))
            rows.append((name, condition, "maximal", order, speed, contact))
    names_of = ["athlete", "condition", "effort", "order", "speed_mps", "contact_s"]
    athletes_of = pd.DataFrame(index=names)
    trials = (
        steps.groupby(TRIAL, observed=True)
        .size()
        .rename("recorded")
        .to_frame()
        .assign(invalidated="")
    )
    return Evidence(
        steps, trials, athletes_of,
        pd.DataFrame(rows, columns=names_of).assign(participant_id=lambda t: t["athlete"]),
        lambda name: None, presence=Presence(),
    )  # fmt: skip


def _with_contrast(**options):
    contrast = OwnContrast(**{"condition": "cue", "predicted": "less", "delta": 5.0} | options)
    registry = read_registry().model_copy(update={"contrasts": {"own": contrast}, "hypotheses": ()})
    return registry.with_labels(
        [contrast.condition, contrast.reference, contrast.group or "normal"]
    )


def test_a_change_is_that_of_least_squares_on_the_order():
    """Of speed itself, in percent of the geometric mean; without an order the plain mean."""
    evidence = _evidence(np.random.default_rng(1), slower=0.03)
    hypothesis = _with_contrast().hypotheses[0]
    outcome = hypothesis_outcome(evidence, hypothesis)
    logs = evidence.sprints.assign(speed_mps=np.log(evidence.sprints["speed_mps"]))
    means = logs.pivot_table(["speed_mps", "order"], "athlete", "condition")
    change = 100.0 * np.expm1(means["speed_mps"]["cue"] - means["speed_mps"]["normal"])
    later = means["order"]["cue"] - means["order"]["normal"]
    constant = np.polyfit(later, change, 1)[1]
    assert outcome.estimate == pytest.approx(constant, rel=1e-9)
    assert outcome.estimate == pytest.approx(-3.0, abs=0.6)
    contrast = hypothesis.contrast.model_copy(update={"hold": ()})
    plain = hypothesis_outcome(evidence, hypothesis.model_copy(update={"contrast": contrast}))
    assert plain.estimate == pytest.approx(change.mean(), rel=1e-12)


def _sessions(random, gain, athletes=16):
    """Everybody improves by 2 % from before to after, half of them by ``gain`` more."""
    rows = []
    for number in range(athletes):
        personal_gain = random.normal(0.02, 0.01)
        for session in ("before", "after"):
            for _ in range(3):
                log_gain = (personal_gain + gain * (number % 2)) * (session == "after")
                speed = 9.0 * np.exp(log_gain + random.normal(0.0, 0.006))
                group = "trained" if number % 2 else "usual"
                rows.append((f"a{number:02d}", "normal", session, group, "maximal", np.nan, speed))
    names = ["athlete", "condition", "session", "group", "effort", "order", "speed_mps"]
    sprints = pd.DataFrame(rows, columns=names)
    steps = pd.DataFrame({"participant_id": pd.Categorical([]), "speed_mps": []})
    people = pd.DataFrame(index=sorted(set(sprints["athlete"])))
    return Evidence(steps, pd.DataFrame({"invalidated": []}), people, sprints, lambda name: None)


def _at_one_speed(slower):
    evidence = _evidence(np.random.default_rng(2), slower=slower)
    return replace(evidence, steps=evidence.steps[evidence.steps["level"] == 9.0])


OVER_SESSIONS = {"condition": "after", "reference": "before", "by": "session"}
CASES = {
    "speed": (_evidence(np.random.default_rng(1)), {}),
    "speed, not at equal order": (_evidence(np.random.default_rng(1)), {"hold": ()}),
    "contact": (_evidence(np.random.default_rng(2), change=-0.08), {"outcome": "contact_s"}),
    "contact of the slower": (_evidence(np.random.default_rng(3)), {"outcome": "contact_s"}),
    "contact at one speed": (_at_one_speed(0.0), {"outcome": "contact_s"}),
    "contact at another speed": (_at_one_speed(0.04), {"outcome": "contact_s"}),
    "few": (_evidence(np.random.default_rng(4), athletes=5), {}),
    "once each": (_evidence(np.random.default_rng(4), sprints_each=1), {}),
    "nobody": (_evidence(np.random.default_rng(4)), {"condition": "other"}),
    "before and after": (
        _sessions(np.random.default_rng(3), 0.0),
        OVER_SESSIONS | {"predicted": "greater", "delta": 1.0},
    ),
    **{
        f"a group that gains {gain} more": (
            _sessions(np.random.default_rng(3), gain),
            OVER_SESSIONS | {"group": "trained", "predicted": "greater", "delta": 1.0},
        )
        for gain in (0.0, 0.03)
    },
}  # fmt: skip


def test_words_of_contrasts():
    lines = []
    for name, (evidence, options) in CASES.items():
        for verdict in verdicts(evidence, _with_contrast(**options)):
            numbers = f"{verdict.n_athletes} athletes, {verdict.n_steps} sprints"
            lines.append(
                f"{name}: {verdict.found}, gates {verdict.gates}, {numbers}: {verdict.reason}"
            )
    assert differences("stats/contrasts", lines) == []


TRUE_CHANGES = {
    "speed": -4.0, "contact": 100.0 * np.expm1(-0.08), "contact of the slower": 0.0,
    "contact at one speed": 0.0,
    "a group that gains 0.0 more": 0.0, "a group that gains 0.03 more": 100.0 * np.expm1(0.03),
}  # fmt: skip
"""Effects that the cases were drawn with, in percent."""


@pytest.mark.parametrize("name", TRUE_CHANGES)
def test_intervals_of_contrasts_hold_what_was_drawn(name):
    """And p says of 0 and of the smallest effect what the interval says; one test needs no Holm."""
    evidence, options = CASES[name]
    (verdict,) = verdicts(evidence, _with_contrast(**options))
    assert verdict.ci_low < TRUE_CHANGES[name] < verdict.ci_high
    slower = name == "contact of the slower"  # by 4 %: the law of speed has its own error
    assert verdict.ci_high - verdict.ci_low < (7.0 if slower else 4.0)
    assert (verdict.p_holm, verdict.p_against_holm) == (verdict.p, verdict.p_against)
    sign = np.sign(verdict.smallest_effect)
    near, far = sorted((sign * verdict.ci_low, sign * verdict.ci_high))
    assert (verdict.p < 0.05) == (near > 0.0)
    assert (verdict.p_against < 0.025) == (far < sign * verdict.smallest_effect)


def test_without_an_order_fatigue_counts_as_an_effect():
    """Sprints lose 0.6 % each: on average the interval without an order is wider."""
    with_order, plain = (verdicts(*(CASES[name][0], _with_contrast(**CASES[name][1])))[0]
                   for name in ("speed", "speed, not at equal order"))  # fmt: skip
    assert plain.ci_high - plain.ci_low > 1.5 * (with_order.ci_high - with_order.ci_low)


@pytest.mark.parametrize("gain", [0.0, 0.03])
def test_sessions_and_groups_are_differences_of_means(gain):
    """Of athletes' changes in percent of the geometric mean, and of the groups' means of these."""
    name = f"a group that gains {gain} more"
    sprints = CASES[name][0].sprints.assign(log=lambda t: np.log(t["speed_mps"]))
    means = sprints.pivot_table("log", ["athlete", "group"], "session")
    change = 100.0 * np.expm1(means["after"] - means["before"])
    by_group = change.groupby("group").mean()
    (by_groups,) = verdicts(CASES[name][0], _with_contrast(**CASES[name][1]))
    assert by_groups.estimate == pytest.approx(by_group["trained"] - by_group["usual"], rel=1e-9)
    (of_all,) = verdicts(
        CASES[name][0], _with_contrast(**OVER_SESSIONS, predicted="greater", delta=1.0)
    )
    assert of_all.estimate == pytest.approx(change.mean(), rel=1e-9)
