"""An added hypothesis: the entry in CONTRIBUTING.md and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from aqbio.hypotheses.preregistration import registry_record
from aqbio.hypotheses.stage import hypotheses_study
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.pages.address import plain
from aqbio.pages.verdicts import VerdictTables, verdict_section
from aqbio.stats.registry import DEFAULT, asked_registry, read_registry
from tests.hypotheses.conftest import broken
from tests.hypotheses.made_evidence import MOMENT_SLOPE, drawn_study
from tests.small_study import replace

pytestmark = pytest.mark.xdist_group("judged")

PAGE = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
[ENTRY] = re.findall(r"```yaml\n( *- id: .*?)```", PAGE, re.DOTALL)
BEFORE_CONTRASTS = "# Two conditions of the same athletes"
GUIDE = (Path(__file__).parents[2] / "docs" / "hypotheses.md").read_text(encoding="utf-8")
[CLAIM] = re.findall(
    r"(claims:\n  swing_follows_push:\n(?:    .*\n)+)", GUIDE.replace("\n    ", "\n")
)
TABLES = ("verdicts", "single_athletes", "power", "deviations")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    """Swing leg balances the rest (W1); the entry was there before data were read."""
    folder = tmp_path_factory.mktemp("own")
    registry = folder / "hypotheses.yaml"
    registry.write_text(DEFAULT.read_text(encoding="utf-8"), encoding="utf-8")
    replace(registry, BEFORE_CONTRASTS, f"{ENTRY}{BEFORE_CONTRASTS}")
    replace(registry, "claims: {}", CLAIM)
    study = drawn_study(folder, "W1", athletes=10, multiverse=False)
    hypotheses_study(study, lambda _line: None)
    assert broken(study) == []
    return study


@pytest.fixture(scope="module")
def tables(study: Study) -> dict[str, pd.DataFrame]:
    return {name: read_table(study.table(f"{name}.tsv")) for name in TABLES}


def test_an_added_hypothesis_has_a_verdict(study, tables):
    """Twice the least effect of H1, from the same numbers."""
    rows = tables["verdicts"].set_index("hypothesis")
    added, first = rows.loc["wide_offset"], rows.loc["H1"]
    assert (added["verdict"], added["found"], added["gates"]) == ("supported", "found", "passed")
    assert added["estimate"] == first["estimate"] > added["smallest_effect"] == 0.2
    assert added["post_hoc"] == "no"
    assert tables["deviations"].empty
    assert "wide_offset" in set(tables["power"]["hypothesis"])
    athletes = tables["single_athletes"].groupby("hypothesis")["estimate"].apply(list)
    assert athletes["wide_offset"] == athletes["H1"]


def test_pages_quote_the_words_of_an_added_hypothesis(study, tables):
    section = verdict_section(VerdictTables(asked_registry(study), None, *tables.values()))
    [added] = [verdict for verdict in section.verdicts if verdict.hypothesis.id == "wide_offset"]
    assert added.words.verdict == "supported"
    assert added.words.text.startswith("The push leg turned hard against the swing leg")
    assert "It does not say which side is stronger." in added.words.limits
    assert added.ruler
    [first] = [verdict for verdict in section.verdicts if verdict.hypothesis.id == "H1"]
    assert first.words.text.startswith("Seen from above, the push leg turned against")


def test_a_claim_is_a_formula_in_one_file(study, tables):
    """Peak of the thigh's speed on the hip moment at equal speed: verdict, power, words, page."""
    row = tables["verdicts"].set_index("hypothesis").loc["swing_follows_push"]
    assert (row["verdict"], row["gates"], row["n_athletes"]) == ("supported", "passed", 10)
    assert row["estimate"] == pytest.approx(MOMENT_SLOPE, rel=0.05)
    assert row["ci_low"] < MOMENT_SLOPE < row["ci_high"]
    assert tables["power"].set_index("hypothesis").loc["swing_follows_push", "power_twice"] > 0.5
    section = verdict_section(VerdictTables(asked_registry(study), None, *tables.values()))
    [words] = [v.words for v in section.verdicts if v.hypothesis.id == "swing_follows_push"]
    assert words.text.startswith(
        "The greatest speed of the swing leg's thigh rose with the push leg's largest hip moment "
        "about the sideways axis at equal speed, on average by "
    )
    assert "rad/s per N m; 10 of 10 athletes showed it" in plain(words.text)
    assert dict(section.parts)["Own"][0].ruler


def test_words_and_biases_are_not_registered(study):
    """A record of a registry with other words is the record of the same rules."""
    record = registry_record(study)
    assert record is not None
    [entry] = [entry for entry in record["registry"]["hypotheses"] if entry["id"] == "wide_offset"]
    assert not {"words", "biases"} & entry.keys()
    registry, hash_of = study.registry_file, read_registry(study.registry_file).hash
    text = registry.read_text(encoding="utf-8")
    replace(registry, "which side is stronger", "which side is weaker")
    assert read_registry(registry).hash == hash_of
    registry.write_text(text.replace("delta: 0.2\n", "delta: 0.3\n"), encoding="utf-8")
    assert read_registry(registry).hash != hash_of
    registry.write_text(text, encoding="utf-8")
