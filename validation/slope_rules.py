"""``python -m validation.slope_rules``: the rule of slopes between people beside other rules.

The same drawn studies of H3b (`validation.studies`) and H3d (`validation.gain_worlds`) are judged
by the rule, by one fit of least squares, and by rules in the place of leaving out who is far.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from aqbio.io.atomic import write_text
from aqbio.stats import step_statistics
from aqbio.stats.evidence import Evidence
from aqbio.stats.formulas import parse_formula
from aqbio.stats.inference import Estimate, coefficient
from aqbio.stats.outcome import Outcome, combine_results, result
from aqbio.stats.registry import Hypothesis, read_registry
from aqbio.stats.step_statistics import formula_outcome
from validation import gain_worlds
from validation.features import named_cells
from validation.strength_worlds import entries_judged, people_evidence
from validation.studies import drawn_study
from validation.verdicts import FOLDER, evidence_of, markdown

SEED, STUDIES = 82_055, 80
COST_CELLS = {
    "nothing is so, 96 athletes": 0.0,
    "3 injured of 96": 0.0,
    "6 injured of 96": 0.0,
    "the weaker side limits, 96 athletes": 1.0,
}
"""Cells of H3b, and whether imbalance costs speed there."""

GAIN_WORLDS = (
    "gains add up, injuries not noted", "gains add up, injuries of 10 % not noted",
    "twice the smallest cost", "three times the smallest cost",
)  # fmt: skip
"""Worlds of H3d, 96 athletes."""

RULES = {
    "the rule": "who is far from the others in a number is left out",
    "one fit": "least squares, nobody left out for being far, errors of tests not taken out",
    "nobody left out": "the rule without leaving out who is far",
    "heavy tails": "nobody left out, and a heavy-tailed fit must agree",
    "heavy tails and each single": "and so must the fit without the one who favours it most",
}


def drawn(cell: str, random: np.random.Generator) -> tuple[Evidence, Hypothesis]:
    """Draw one study of a cell of H3b or of a world of H3d."""
    registry = read_registry()
    if cell in gain_worlds.WORLDS:
        athletes = gain_worlds.drawn_athletes(gain_worlds.WORLDS[cell], 96, random)
        return people_evidence(athletes), registry["H3d"]
    [features] = [named.features for named in named_cells() if named.name == cell]
    study = drawn_study(replace(features, levels=2, trials=(1, 1), steps=4), random)
    return evidence_of(study), registry["H3b"]


def judged(evidence: Evidence, hypothesis: Hypothesis) -> dict[str, bool]:
    """Tell by every rule whether one study supports the hypothesis."""
    outcome = formula_outcome(evidence, hypothesis)
    with patch.object(step_statistics, "FEWEST_FOR_FAR", np.inf):
        everybody = formula_outcome(evidence, hypothesis)
        choices = replace(evidence.choices, outliers=False)
        tails = formula_outcome(replace(evidence, choices=choices), hypothesis)
        both = combine_results([everybody.result, tails.result], "")
        single = everybody.test(everybody.values.drop(index=favours_most(everybody, hypothesis)))
    results = {
        "the rule": outcome.result,
        "one fit": result(hypothesis, one_fit(everybody, hypothesis)[0]),
        "nobody left out": everybody.result,
        "heavy tails": both,
        "heavy tails and each single": combine_results([both, single], ""),
    }
    smallest = {
        "heavy tails": min(everybody.estimate, tails.estimate),
        "heavy tails and each single": min(everybody.estimate, tails.estimate, single.error.value),
    }
    return {
        rule: bool(
            of_rule.p < hypothesis.alpha
            and smallest.get(rule, of_rule.error.value) >= hypothesis.delta
            and of_rule.condition is not False
        )
        for rule, of_rule in results.items()
    }


def one_fit(outcome: Outcome, hypothesis: Hypothesis) -> tuple[Estimate, str]:
    """Least squares with the usual t of everybody with all numbers, and who favours it most."""
    assert hypothesis.formula is not None
    formula = parse_formula(hypothesis.formula.readings[0])
    table = outcome.values.dropna()
    columns = {name: table[name].to_numpy(dtype=float) for name in formula.names}
    response, terms = formula.values(columns)
    kinds = table.drop(columns=list(formula.names)).to_numpy(dtype=float)
    x = np.column_stack([terms, kinds[:, np.ptp(kinds, axis=0) > 0], np.ones(len(table))])
    inverse = np.linalg.pinv(x)
    rest = response - x @ (inverse @ response)
    moved = inverse[0] * rest / (1.0 - np.einsum("ip,pi->i", x, inverse))
    return coefficient(response, x, 0, errors="plain"), str(table.index[int(moved.argmax())])


def favours_most(outcome: Outcome, hypothesis: Hypothesis) -> str:
    """The person without whom the coefficient of least squares falls most."""
    return one_fit(outcome, hypothesis)[1]


def rows(studies: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield one row per cell: the share of studies that every rule supports, and its bound."""
    for cell in (*COST_CELLS, *GAIN_WORLDS):
        by_study = []
        for number in range(studies):
            random = np.random.default_rng([seed, number, *cell.encode()])
            by_study.append(judged(*drawn(cell, random)))
        counts = pd.DataFrame(by_study).sum()
        truth = COST_CELLS.get(cell, gain_worlds.WORLDS.get(cell, gain_worlds.World()).cost)
        print(cell, dict(counts), flush=True)
        yield {"cell": cell, "is_true": truth > 0.0} | {
            rule: _share(int(counts[rule]), studies, is_true=truth > 0.0) for rule in RULES
        }


def _share(count: int, studies: int, *, is_true: bool) -> str:
    high = binomtest(count, studies).proportion_ci(method="exact").high
    bound = "" if is_true else f" (≤ {100.0 * high:.0f})"
    return f"{100.0 * count / studies:.1f} %{bound}"


def main() -> None:
    """Write docs/validation/slope_rules.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=FOLDER / "slope_rules.md")
    options = parser.parse_args()
    table = [*rows(options.studies, options.seed)]
    head = ("studies of", "sentence", *RULES)
    lines = [
        [str(row["cell"]), "true" if row["is_true"] else "false", *(str(row[n]) for n in RULES)]
        for row in table
    ]
    said = "\n".join(f"- *{rule}*: {words}." for rule, words in RULES.items())
    template = Path(__file__).with_name("slope_rules_page.txt").read_text(encoding="utf-8")
    text = template.format(
        table=markdown(head, lines), rules=said, studies=options.studies, seed=options.seed,
        registry_hash=entries_judged("H3b", "H3d")["registry_hash"],
    )  # fmt: skip
    write_text(options.output, text)


if __name__ == "__main__":
    main()
