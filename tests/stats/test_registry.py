"""The registry: complete, its hash stable against form and sensitive to content."""

from __future__ import annotations

import pytest
import yaml

from aqbio.config import InvalidStudyError
from aqbio.stats.registry import DEFAULT, Registry, read_registry

CONTENT = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))


def _written(tmp_path, content):
    path = tmp_path / "hypotheses.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def test_every_hypothesis_is_there():
    names = [one.id for one in read_registry().hypotheses]
    assert " ".join(names) == (
        "H1 H2 H3a H3b H3c H3d H3e H3f H4 H5a H5b H6 H7 H7b H8a H8b H8c H9 H10"
    )


def test_minimum_data_and_smallest_effects_are_those_of_the_plan():
    registry = read_registry()
    wanted = {
        "H1": (0.05, "greater", 8, 1, 6),
        "H2": (0.2, "greater", 8, 1, 6),
        "H3b": (0.25, "greater", 48, 1, 0),
        "H3e": (0.1, "greater", 10, 1, 12),
        "H3f": (0.2, "greater", 8, 3, 6),
        "H4": (0.05, "greater", 8, 1, 6),
        "H5a": (0.01, "less", 10, 4, 8),
        "H5b": (0.1, "less", 10, 4, 8),
        "H7": (1.0, "less", 8, 1, 2),
        "H7b": (5.0, "greater", 8, 1, 2),
        "H8a": (0.2, "less", 12, 1, 6),
        "H8b": (0.2, "less", 12, 1, 6),
        "H9": (0.2, "greater", 12, 1, 6),
    }
    found = {
        name: (
            registry[name].delta,
            registry[name].predicted,
            registry[name].minimum.athletes,
            registry[name].minimum.levels,
            registry[name].minimum.steps,
        )
        for name in wanted
    }
    assert found == wanted
    implied = {one.id for one in registry.hypotheses if one.always == "mechanically_implied"}
    assert implied == {"H3a", "H3d", "H10"}
    assert all(registry[name].always == "not_testable" for name in ("H3c", "H6", "H8c"))


def test_the_hash_ignores_form(tmp_path):
    turned = CONTENT | {
        "hypotheses": [dict(reversed(one.items())) for one in CONTENT["hypotheses"]]
    }
    assert read_registry(_written(tmp_path, turned)).hash == read_registry().hash


def test_the_hash_sees_every_value(tmp_path):
    seen = {read_registry().hash}
    for key, value in (("delta", 0.051), ("claim", "another claim"), ("alpha", 0.04)):
        changed = CONTENT | {"hypotheses": [dict(one) for one in CONTENT["hypotheses"]]}
        changed["hypotheses"][0][key] = value
        seen.add(read_registry(_written(tmp_path, changed)).hash)
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("delta", -0.1, "delta"),
        ("delta", 0, "needs predicted and a delta"),
        ("predicted", "bigger", "predicted"),
        ("sesoi", 0.05, "sesoi"),
        ("source", "7", "source"),
        ("claim", "x" * 171, "claim"),
        ("discriminating", "", "what could be otherwise"),
        ("literal", {"label": "obvious", "words": "so it is"}, "label"),
    ],
)
def test_a_wrong_entry_is_refused_in_words(tmp_path, key, value, words):
    wrong = {"version": 2, "hypotheses": [{**CONTENT["hypotheses"][0], key: value}]}
    with pytest.raises(InvalidStudyError, match=words):
        read_registry(_written(tmp_path, wrong))


def test_an_entry_is_there_once(tmp_path):
    twice = {"version": 2, "hypotheses": [CONTENT["hypotheses"][0]] * 2}
    with pytest.raises(InvalidStudyError, match="H1 is there twice"):
        read_registry(_written(tmp_path, twice))


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        Registry(version=2, hypotheses=())["H1"]


def test_a_registry_of_the_first_version_is_refused_in_words(tmp_path):
    old = {"hypotheses": CONTENT["hypotheses"]}
    with pytest.raises(InvalidStudyError, match="version"):
        read_registry(_written(tmp_path, old))


def test_every_claim_has_what_could_be_otherwise_or_says_why_not():
    for one in read_registry().hypotheses:
        assert one.literal.words
        if one.always is None:
            assert one.discriminating
        else:
            assert one.implied_if


def test_untested_claims_say_what_it_would_take():
    untested = read_registry().untested
    assert len(untested) > 20
    assert len({one.claim for one in untested}) == len(untested)
    assert all(one.why for one in untested)
