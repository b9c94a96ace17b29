"""Power in words: enough or too few, what helps, and the rules of wording."""

from __future__ import annotations

import re

import pytest

from aqbio.pages.power import power_words
from aqbio.stats.registry import read_registry
from tests.report.test_wording import FORBIDDEN

REGISTRY = read_registry()
TWO_SIDED = REGISTRY["H7"].model_copy(update={"predicted": "equivalent"})
NAN = float("nan")


def _row(**changes):
    return {
        "n_athletes": 12, "mde": -0.8474, "smallest_effect": -0.2, "power": 0.0312,
        "athletes_needed": 138.0, "sd_athletes": 1.0, "sd_steps": NAN,
    } | changes  # fmt: skip


def test_too_few():
    assert power_words(REGISTRY["H8a"], _row()) == (
        "H8a: too few athletes for the smallest effect of interest. 12 show an effect of −0.2 with "
        "a power of 3 %; 80 % takes 138 like these. What 12 show with 80 % is an effect of −0.847 "
        "or beyond."
    )


def test_enough():
    row = _row(mde=0.052, smallest_effect=0.05, power=1.0, athletes_needed=8.0)
    assert power_words(REGISTRY["H1"], row) == (
        "H1: enough athletes for the smallest effect of interest. 12 took part; 8 show an effect "
        "of 0.05 with a power of 80 %."
    )


def test_equivalence():
    row = _row(mde=0.0345, smallest_effect=0.02, power=0.004, athletes_needed=40.0)
    said = power_words(TWO_SIDED, row)
    assert "12 show no change to lie within ±0.02 with a power of less than 1 %" in said
    assert said.endswith("What 12 show with 80 % is no change to lie within ±0.0345.")


@pytest.mark.parametrize(("steps", "words"), [(0.8, "help most"), (0.2, "hardly"), (0.5, "beyond")])
def test_what_would_help(steps, words):
    assert (
        power_words(REGISTRY["H8a"], _row(sd_steps=steps))
        .rstrip(".")
        .endswith({"hardly": "hardly help"}.get(words, words))
    )


def test_no_number():
    one = power_words(REGISTRY["H1"], _row(mde=NAN, power=NAN, athletes_needed=NAN, n_athletes=1))
    assert one == "H1: one athlete says nothing of the differences between athletes."
    far = power_words(REGISTRY["H1"], _row(athletes_needed=NAN))
    assert "80 % takes more than 100000 like these" in far


def test_rules_of_wording():
    for one in (REGISTRY["H1"], TWO_SIDED, REGISTRY["H8a"]):
        for needed in (8.0, 138.0):
            said = power_words(one, _row(athletes_needed=needed))
            for pattern in FORBIDDEN:
                assert not re.search(pattern, said, flags=re.IGNORECASE), (pattern, said)
