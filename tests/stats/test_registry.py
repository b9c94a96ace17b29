"""The registry: complete, its hash stable against form and sensitive to content."""

from __future__ import annotations

import pytest
import yaml

from aqbio.config import InvalidStudyError
from aqbio.stats.registry import DEFAULT, VERSION, Registry, read_registry

CONTENT = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))


def _written(tmp_path, content):
    path = tmp_path / "hypotheses.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def test_smallest_effects_and_least_data_are_those_of_the_plan():
    registry = read_registry()
    wanted = {
        "H1": ("core", 0.05, "greater", 8, 1, 6),
        "H2": ("secondary", 0.2, "greater", 8, 1, 6),
        "H3b": ("survey", 0.25, "greater", 96, 1, 0),
        "H3e": ("secondary", 0.1, "greater", 10, 1, 12),
        "H4": ("core", 0.05, "greater", 8, 1, 6),
        "H5a": ("core", 0.01, "less", 10, 4, 8),
        "H5b": ("secondary", 0.1, "less", 10, 4, 8),
        "H7": ("core", 1.0, "less", 8, 1, 2),
        "H7b": ("secondary", 5.0, "greater", 8, 1, 2),
        "H8a": ("survey", 0.2, "less", 48, 2, 6),
        "H8b": ("secondary", 0.2, "less", 48, 2, 6),
        "H8c": ("survey", 0.2, "greater", 12, 1, 8),
        "H9": ("survey", 0.2, "greater", 48, 2, 6),
    }
    found = {
        one.id: (
            one.family, one.delta, one.predicted,
            one.minimum.athletes, one.minimum.levels, one.minimum.steps,
        )
        for one in registry.hypotheses
    }  # fmt: skip
    assert found == wanted
    named = [one.id for one in registry.untested if one.id]
    assert " ".join(named) == "H3a H3d H3f H10"
    assert {"H3c", "H6"} < set(registry.contrasts)


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
        ("delta", 0, "delta"),
        ("predicted", "bigger", "predicted"),
        ("sesoi", 0.05, "sesoi"),
        ("source", "7", "source"),
        ("claim", "x" * 171, "claim"),
        ("family", "primary", "family"),
        ("literal", {"label": "obvious", "words": "so it is"}, "label"),
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


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        Registry(version=VERSION, hypotheses=())["H1"]


def test_an_older_registry_is_told_what_became_of_each_entry(tmp_path):
    entries = [{"id": name} for name in ("H1", "H2", "H3f", "H8a", "H9x")]
    with pytest.raises(InvalidStudyError) as refused:
        read_registry(_written(tmp_path, {"version": 2, "hypotheses": entries}))
    words = str(refused.value)
    for said in ("H1: core", "H2: secondary", "H8a: survey", "H9x: unknown", "aqbio new writes"):
        assert said in words
    assert "H3f: in the table of claims that are not tested" in words
    with pytest.raises(InvalidStudyError, match="version"):
        read_registry(_written(tmp_path, {"hypotheses": CONTENT["hypotheses"]}))


def test_untested_claims_say_what_it_would_take():
    untested = read_registry().untested
    every = read_registry().with_labels([]).untested
    assert len(every) == len(untested) + len(read_registry().contrasts)
    assert len({one.claim for one in every}) == len(every)
    assert all(one.why for one in every)
