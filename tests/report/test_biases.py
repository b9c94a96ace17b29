"""What no interval holds is what studies drawn with such errors gave."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from aqbio.pages.biases import BIASES, bias_words

WORLDS = Path(__file__).parents[2] / "docs" / "validation" / "worlds.tsv"


@pytest.mark.parametrize("hypothesis", list(BIASES))
def test_numbers_are_those_of_the_drawn_studies(hypothesis):
    """The bias of the median estimate, in smallest effects, to a digit."""
    table = pd.read_csv(WORLDS, sep="\t").set_index(["world", "hypothesis"])
    for world, cause, moved in BIASES[hypothesis]:
        row = table.loc[(world, hypothesis)]
        expected = (row["estimate"] - row["truth"]) / row["smallest_effect"]
        assert moved == pytest.approx(expected, abs=0.15), cause


def test_every_listed_bias_is_told_and_no_other():
    assert "a sex that is not told" in bias_words("H8a")
    assert "one athlete far from the others by -3.3" in bias_words("H8a")
    assert bias_words("H9") == ""


def test_no_large_bias_of_a_world_is_left_out():
    """Beyond half a smallest effect, in worlds of one error whose interval does not cover."""
    table = pd.read_csv(WORLDS, sep="\t")
    told = {(world, name) for name, rows in BIASES.items() for world, *_ in rows}
    families = {world.rstrip("0123456789._") for world, _ in told}
    own = table[~table["world"].str.match(r"[RW]\d") & (table["covers"] == "no")]
    large = own[(own["bias"].abs() > 0.5) & (own["claim"] == "false")]
    named = {name.split("_")[0] for name in families} | {"noise", "tired", "order", "surveyed"}
    assert {name.split("_")[0] for name in large["world"]} <= named
