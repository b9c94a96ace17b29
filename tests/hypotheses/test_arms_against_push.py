"""A hypothesis of a study of ours: the arms turn against the push leg."""

from __future__ import annotations

import pytest

from aqbio.hypotheses.stage import hypotheses_study
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.stats.registry import DEFAULT
from tests.hypotheses.conftest import broken
from tests.hypotheses.made_evidence import drawn_study
from tests.small_study import replace

pytestmark = pytest.mark.xdist_group("judged")

ENTRY = """\
  - id: arms_against_push
    family: survey
    title: The arms turn against the push leg
    claim: in stance the arms carry angular momentum against that of the push leg
    source: own
    literal: {label: testable, words: the verdict is about the sentence itself}
    discriminating: whether arms and push leg oppose each other clearly
    estimand: uncentred cosine of the momenta of arms and push leg in stance, mean over athletes
    statistic: arms_push_cosine
    predicted: less
    delta: 0.2
    unit: cosine
    minimum: {athletes: 8, levels: 1, steps: 6}
    needs: [arms]
    multiverse: [consistency, errors, outliers, who_counts]
"""
BEFORE_CONTRASTS = "# Two conditions of the same athletes"


def judged(folder, world: str) -> Study:
    registry = folder / "hypotheses.yaml"
    registry.write_text(DEFAULT.read_text(encoding="utf-8"), encoding="utf-8")
    replace(registry, BEFORE_CONTRASTS, f"{ENTRY}{BEFORE_CONTRASTS}")
    study = drawn_study(folder, world, athletes=10, multiverse=False)
    hypotheses_study(study, lambda _line: None)
    assert broken(study) == []
    return study


@pytest.mark.parametrize(("world", "verdict"), [("W0", "supported"), ("W1", "not_supported")])
def test_the_world_of_classical_arms_supports_it_and_the_other_does_not(tmp_path, world, verdict):
    rows = read_table(judged(tmp_path, world).table("verdicts.tsv")).set_index("hypothesis")
    own = rows.loc["arms_against_push"]
    assert (own["verdict"], own["gates"]) == (verdict, "passed")
    assert own["estimate"] == rows.loc["H2", "estimate"]
    assert own["smallest_effect"] in (0.2, -0.2)
    assert own["post_hoc"] == "no"
