"""Made-up tables of stage hypotheses: every label once, arms, partitions, signs and sprints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from aqbio.hypotheses.preregistration import record_registry, verdict_basis
from aqbio.hypotheses.stage import COLUMNS
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.stats.inference import SIGNS as DIRECTIONS
from aqbio.stats.registry import (
    Hypothesis,
    Registry,
    read_registry,
    short_hash,
    study_registry,
)
from aqbio.stats.step_numbers import partition_names, step_columns
from aqbio.stats.verdict import CLASSES, Found

FOUND: dict[str, Found] = {
    "H1": "opposite_found",
    "H2": "described",
    "H3b": "not_testable",
    "H3e": "described",
    "H4": "no_effect",
    "H5b": "described",
    "H7": "found",
    "H7b": "described",
    "H8b": "described",
}
"""What was found of hypotheses with a verdict; of the others too little was recorded."""
OWN = ("H1", "H2", "H4", "H7")
"""Hypotheses with a number of each athlete's own."""
GROUPS = ("push_leg", "swing_leg", "arms", "torso", "pelvis")
ARMS = (("default", None), ("cutoff=15", "cutoff_hz"), ("pelvis=out", "pelvis_membership"))
LEVELS, STEPS = 3, 4


def write_made_verdicts(study: Study, *, steps: bool) -> None:
    """Write all tables of stage hypotheses; without steps, estimates and rows are missing."""
    record_registry(study)
    people = [one.participant_id for one in study.participants]
    basis = short_hash(verdict_basis(study))
    tables: dict[str, list[dict[str, Any]]] = {
        "verdicts": _verdicts(study_registry(study), basis, steps=steps),
        "multiverse": _arms() if steps else [],
        "partitions": _partitions(steps=steps),
        "sign_patterns": _signs(steps=steps),
        "single_athletes": _single(people) if steps else [],
        "hypotheses_steps": _steps(people) if steps else [],
        "literal": _literal() if steps else [],
        "hypotheses_athletes": _athletes(people) if steps else [],
        "sprints": _sprints(people) if steps else [],
        "power": _power() if steps else [],
        "deviations": [],
    }
    for name, rows in tables.items():
        table = pd.DataFrame(rows, columns=list(COLUMNS[name]))
        write_table(table, study.table(f"{name}.tsv"), COLUMNS[name], _source(study))


def _source(study: Study) -> dict[str, str]:
    from aqbio.io.provenance import provenance

    return provenance("hypotheses", [], study.stage_settings("hypotheses"))


def _verdicts(registry: Registry, basis: str, *, steps: bool) -> list[dict[str, Any]]:
    return [
        _verdict(one, number, basis, known=steps) for number, one in enumerate(registry.hypotheses)
    ]


def _verdict(one: Hypothesis, number: int, registry_hash: str, *, known: bool) -> dict[str, Any]:
    nothing = float("nan")
    found: Found = FOUND.get(one.id, "not_enough_data")
    if not known:
        found = "not_testable"
    known = known and found != "not_testable"
    judged = known and found not in ("not_enough_data", "gate_failed", "described")
    own = known and one.id in OWN
    return {
        "hypothesis": one.id,
        "verdict": CLASSES[found],
        "found": found,
        "literal": one.literal.label,
        "reason": "what the rule or a gate says of it",
        "condition": "no" if judged and one.id == "H1" else None,
        "note": "median rank 8 of 15 partitions" if judged and one.id == "H1" else None,
        "statistic": one.statistic,
        "estimate": 0.1 * number - 0.4567 if known else nothing,
        "ci_low": 0.1 * number - 0.5678 if known else nothing,
        "ci_high": 0.1 * number - 0.3456 if known else nothing,
        "smallest_effect": DIRECTIONS.get(one.predicted, 1.0) * one.delta or nothing,
        "p_holm": 0.04321 if judged else nothing,
        "p_against_holm": 0.06543 if judged else nothing,
        "n_athletes": 2 if known else 0,
        "n_steps": 24 if known else 0,
        "n_showing": 1 if own else nothing,
        "share_low": 0.0945 if own else nothing,
        "share_high": 0.9055 if own else nothing,
        "robust": 0.1 * number - 0.4321 if own else nothing,
        "influential": "S02" if judged and one.id == "H1" else None,
        "gates": ("passed" if judged else "athletes, minimum_n") if known else None,
        "fragile": "yes" if one.id == "H1" else "no" if judged else None,
        "overturned_by": "cutoff=15, pelvis=out" if one.id == "H1" else None,
        "decisive": "cutoff" if judged else None,
        "lowest": 0.1 * number - 0.5123 if judged else nothing,
        "highest": 0.1 * number - 0.4012 if judged else nothing,
        "silent": "consistency=off" if judged else None,
        "mde": 0.2109 if known else nothing,
        "registry_hash": registry_hash,
        "p": 0.01234 if known else nothing,
        "p_against": 0.02345 if known else nothing,
        "unit": one.unit,
        "model": "t over athletes' means" if known else None,
        "post_hoc": "no",
    }


def _literal() -> list[dict[str, Any]]:
    names = {
        "H1": "share of contact in which push leg, arms and torso together turn",
        "H3d": "power of speed of the push leg's joint moments",
    }
    rows = [(name, words, 0.9123) for name, words in names.items()]
    rows.append(("H3d", "power of speed of the swing leg's joint moments", 1.5678))
    return [
        {
            "hypothesis": name, "label": "implied", "name": words,
            "estimate": value, "ci_low": value - 0.1, "ci_high": value + 0.1, "n_athletes": 2,
            "n_showing": 2,
        }
        for name, words, value in rows
    ]  # fmt: skip


def _athletes(people: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "hypothesis": name, "participant_id": person, "column": column,
            "value": 0.1 * place - 0.52341, "n_steps": 12,
        }
        for name in OWN
        for column in ("value", "beside")
        for place, person in enumerate(people)
    ]  # fmt: skip


def _arms() -> list[dict[str, Any]]:
    return [
        {
            "hypothesis": name, "specification": arm, "factor": factor, "verdict": "not_supported",
            "estimate": -0.5 + 0.01 * place, "ci_low": -0.6, "ci_high": -0.4, "p_holm": 1.0,
            "n_athletes": 2, "n_steps": 24, "found": "no_effect",
            "gates": "precision" if arm == "pelvis=out" else "passed",
        }
        for name in ("H1", "H4")
        for place, (arm, factor) in enumerate(ARMS)
    ]  # fmt: skip


def _partitions(*, steps: bool) -> list[dict[str, Any]]:
    rows = []
    kinds = [
        (arms, phase, partition_names(groups))
        for arms, groups in (("together", GROUPS),)
        for phase in ("stance",)
    ]
    for arms, phase, names in kinds:
        for place, name in enumerate(names):
            value = 0.03 * place + 0.02 if steps else float("nan")
            rows.append(
                {
                    "arms": arms, "phase": phase, "partition": name, "opposition": value,
                    "ci_low": value - 0.02, "ci_high": value + 0.02,
                    "rank": float(len(names) - place),
                    "n_athletes": 2 if steps else 0,
                    "status": "descriptive" if phase == "stance" else "mechanically_implied",
                }
            )  # fmt: skip
    return rows


def _signs(*, steps: bool) -> list[dict[str, Any]]:
    rows = []
    for level, names in (("momentum", GROUPS), ("hub", ("stance", "swing", "upper"))):
        for one, first in enumerate(names):
            for two, second in enumerate(names):
                if one == two:
                    continue
                pair = {first, second} == {"arms", "push_leg"}
                value = 0.9 * (-1.0) ** (one + two) if steps else float("nan")
                rows.append(
                    {
                        "level": level, "first": first, "second": second, "cosine": value,
                        "ci_low": value, "ci_high": value, "n_athletes": 2,
                        "articles": 1 if pair else None, "classical": -1 if pair else None,
                    }
                )  # fmt: skip
    return rows


def _single(people: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "hypothesis": name, "participant_id": person, "estimate": -0.51234,
            "ci_low": -0.55, "ci_high": -0.47, "n_steps": 12,
        }
        for name in ("H1", "H2")
        for person in people
    ]  # fmt: skip


def _power() -> list[dict[str, Any]]:
    rows = []
    for name in ("H1", "H5a", "H8a"):
        one = read_registry()[name]
        rows.append(
            {
                "hypothesis": name, "n_athletes": 2, "n_steps": 24, "se": 0.1, "df": 1.0,
                "sd_athletes": 0.1414, "sd_steps": 0.05, "alpha": 0.025,
                "mde": 0.2109, "smallest_effect": one.delta, "power": 0.0765,
                "athletes_needed": 138.0 if name == "H8a" else float("nan"),
                "unit": one.unit,
            }
        )  # fmt: skip
    return rows


def _steps(people: list[str]) -> list[dict[str, Any]]:
    random, rows = np.random.default_rng(1), []
    for person in people:
        for level in range(LEVELS):
            for step in range(STEPS):
                row: dict[str, Any] = dict.fromkeys(step_columns(), 0.0)
                row |= {
                    "participant_id": person, "trial_id": f"speed{level}", "step": step + 1,
                    "side": "right" if step % 2 else "left", "level": level,
                    "relative_speed": 0.6 + 0.2 * level,
                    "speed_mps": 5.5 + 2.0 * level,
                    "lag": 0.3 + 0.01 * level + 0.004 * random.standard_normal(),
                    "log_ratio_momentum": 0.1 + 0.01 * random.standard_normal(),
                    "log_ratio_moments": 0.9 - 0.1 * level + 0.01 * random.standard_normal(),
                }  # fmt: skip
                rows.append(row)
    return rows


def _sprints(people: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "participant_id": person, "trial_id": f"{condition}-{number}",
            "condition": condition, "speed_mps": speed + 0.01 * number,
        }
        for person in people
        for condition, speed in (("normal", 9.0), ("restricted_arms", 8.8))
        for number in range(2)
    ]  # fmt: skip
