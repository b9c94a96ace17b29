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
    assert " ".join(names) == "H1 H2 H3a H3b H3c H3d H3e H4 H5a H5b H6 H7 H8a H8b H8c"


def test_minimum_data_and_smallest_effects_are_those_of_the_plan():
    registry = read_registry()
    wanted = {
        "H1": (0.05, "greater", 8, 1, 6),
        "H2": (0.2, "greater", 8, 1, 6),
        "H3b": (0.25, "greater", 48, 1, 0),
        "H3d": (0.02, "equivalent", 8, 3, 6),
        "H3e": (0.1, "greater", 10, 1, 12),
        "H4": (0.05, "greater", 8, 1, 6),
        "H5a": (0.01, "less", 10, 4, 8),
        "H5b": (0.1, "less", 10, 4, 8),
        "H7": (1.0, "less", 8, 1, 2),
        "H8a": (0.2, "less", 12, 1, 6),
        "H8b": (0.2, "less", 12, 1, 6),
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
    assert registry["H3a"].always == "mechanically_implied"
    assert all(registry[name].always == "not_testable" for name in ("H3c", "H6", "H8c"))


def test_the_hash_ignores_form(tmp_path):
    turned = {"hypotheses": [dict(reversed(one.items())) for one in CONTENT["hypotheses"]]}
    assert read_registry(_written(tmp_path, turned)).hash == read_registry().hash


def test_the_hash_sees_every_value(tmp_path):
    seen = {read_registry().hash}
    for key, value in (("delta", 0.051), ("claim", "another claim"), ("alpha", 0.04)):
        changed = {"hypotheses": [dict(one) for one in CONTENT["hypotheses"]]}
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
    ],
)
def test_a_wrong_entry_is_refused_in_words(tmp_path, key, value, words):
    wrong = {"hypotheses": [{**CONTENT["hypotheses"][0], key: value}]}
    with pytest.raises(InvalidStudyError, match=words):
        read_registry(_written(tmp_path, wrong))


def test_an_entry_is_there_once(tmp_path):
    twice = {"hypotheses": [CONTENT["hypotheses"][0]] * 2}
    with pytest.raises(InvalidStudyError, match="H1 is there twice"):
        read_registry(_written(tmp_path, twice))


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        Registry(hypotheses=())["H1"]
