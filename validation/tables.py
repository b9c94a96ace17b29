"""The proof on disk: tables with sidecars, and a page that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import pandas as pd

from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns
from aqbio.io.tables import write_table
from aqbio.stats.verdict import CLASSES
from validation.matrix import FALSE_BOUND, WITHIN, Cell, Power
from validation.worlds import TESTED, random_worlds

LABELS = ("supported", "not_supported", "inconclusive")
KINDS = tuple(found for found, label in CLASSES.items() if label in LABELS)
MARKS = {"true": "T", "false": "F", "between": "b", "open": "o"}

WORLD_COLUMNS: Columns = {
    "world": {"description": "World of data/virtual_sprinters, or R01 to R20: drawn at random."},
    "hypothesis": {"description": "Hypothesis of the registry."},
    "claim": {
        "description": "What is so in that world: true (the effect is as large as of interest), "
        "false (a tenth of that at most), between, or open: neither support nor refusal is right, "
        "for contact models disagree or the hypothesis's own condition fails."
    },
    "truth": {"description": "True value of what is estimated."},
    "smallest_effect": {"description": "Smallest effect of interest, as a size."},
    "studies": {"description": "Drawn studies."},
    **{name: {"description": "Studies with that verdict."} for name in LABELS},
    **{name: {"description": "Studies in which that was found."} for name in KINDS},
    "support_bound": {"description": "95 % upper bound of the rate of support."},
    "refusal_bound": {"description": "95 % upper bound of the rate of refusal."},
    "estimate": {"description": "Median over studies."},
    "bias": {"description": "Median estimate less truth, in smallest effects of interest."},
    "coverage": {"description": "Share of 95 % intervals that hold the truth."},
    "holds": {
        "description": "yes: where support (refusal) would be wrong its upper bound is at most "
        f"{FALSE_BOUND:.0%}."
    },
    "covers": {"description": "yes: chance explains that coverage is not 92 to 97 %."},
}

POWER_COLUMNS: Columns = {
    "world": {"description": "World."},
    "hypothesis": {"description": "Hypothesis whose claim is true there."},
    "truth": {"description": "True value of what is estimated."},
    "se": {"description": "Root mean square of the standard errors over studies."},
    "df": {"description": "Median degrees of freedom."},
    "claimed": {
        "description": "Power of the rule at that effect, as table power.tsv of a study computes "
        "it: Holm's strictest step, and an estimate of the smallest effect of interest."
    },
    "judged": {"description": "Studies whose gates let them judge."},
    "supported": {"description": "Studies with that verdict."},
    "observed": {"description": "Share of the judged studies that are supported."},
    "holds": {
        "description": f"yes: chance explains that it is found less often than claimed, but for "
        f"{100 * WITHIN:.0f} points."
    },
}


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything that was drawn, and where it comes from."""

    cells: tuple[Cell, ...]
    powers: tuple[Power, ...]
    origin: Mapping[str, object]
    """Date, version of aqbio, registry hash, studies, seed."""

    @property
    def holds(self) -> bool:
        """Whether false verdicts are rare, and power is as claimed."""
        return all([one.holds for one in self.cells] + [one.holds for one in self.powers])


def write_proof(proof: Proof, folder: Path) -> None:
    """Write worlds.tsv, power.tsv, their sidecars, and the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table(world_table(proof), folder / "worlds.tsv", WORLD_COLUMNS, proof.origin, digits=4)
    names = [one.name for one in fields(Power)]
    power = pd.DataFrame([asdict(one) for one in proof.powers], columns=names)
    power["observed"] = [one.observed for one in proof.powers]
    power["holds"] = _yes(one.holds for one in proof.powers)
    write_table(power, folder / "power.tsv", POWER_COLUMNS, proof.origin, digits=4)
    write_text(folder / "README.md", page(proof))


def _yes(every: Iterable[bool]) -> list[str]:
    return ["yes" if one else "no" for one in every]


def world_table(proof: Proof) -> pd.DataFrame:
    """One row per world and hypothesis."""
    return pd.DataFrame(
        [
            {
                "world": cell.world,
                "hypothesis": cell.hypothesis,
                "claim": cell.claim,
                "truth": cell.truth,
                "smallest_effect": cell.delta,
                "studies": cell.studies,
                **{label: cell.verdicts(label) for label in LABELS},
                **{kind: cell.counts.get(kind, 0) for kind in KINDS},
                "support_bound": cell.support_bound,
                "refusal_bound": cell.refusal_bound,
                "estimate": cell.estimate,
                "bias": cell.bias,
                "coverage": cell.covered,
                "holds": "yes" if cell.holds else "no",
                "covers": "yes" if cell.covers else "no",
            }
            for cell in proof.cells
        ]
    )


def by_hypothesis(proof: Proof) -> str:
    """How often verdicts are wrong at worst, and how often right."""
    head = (
        "hypothesis", "worlds in which it is false", "supported there at most",
        "in which it is true", "refused there at most", "supported there", "in W1",
    )  # fmt: skip
    rows = []
    for name in TESTED:
        own = [cell for cell in proof.cells if cell.hypothesis == name]
        false = [_share(cell, "supported") for cell in own if cell.claim == "false"]
        true = [cell for cell in own if cell.claim == "true"]
        right = [_share(cell, "supported") for cell in true]
        first = [_share(cell, "supported") for cell in true if cell.world == "W1"]
        refused = [_share(cell, "not_supported") for cell in true]
        rows.append(
            [
                name, str(len(false)), _percent(max(false, default=None)), str(len(true)),
                _percent(max(refused, default=None)),
                f"{_percent(min(right, default=None))} to {_percent(max(right, default=None))}",
                _percent(first[0] if first else None),
            ]
        )  # fmt: skip
    return _table(head, rows)


def _share(cell: Cell, label: str) -> float:
    return cell.verdicts(label) / cell.studies


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}" if 0.0 < share < 0.1 else f"{share:.0%}"


def summary(proof: Proof) -> str:
    """Matrix of the worlds that are about every hypothesis."""
    by_place = {(cell.world, cell.hypothesis): cell for cell in proof.cells}
    whole = [name for name, count in _sizes(proof).items() if count == len(TESTED)]
    rows = [[name, *(_shown(by_place[name, one]) for one in TESTED)] for name in whole]
    return _table(("world", *TESTED), rows)


def _sizes(proof: Proof) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for cell in proof.cells:
        sizes[cell.world] = sizes.get(cell.world, 0) + 1
    return sizes


def _shown(cell: Cell) -> str:
    shares = "/".join(
        f"{100 * cell.verdicts(label) / cell.studies:.0f}"
        for label in ("supported", "not_supported")
    )
    return f"{MARKS[cell.claim]} {shares}" + ("" if cell.holds else " ✗")


def misses(proof: Proof) -> str:
    """Cells that do not hold."""
    rows = [
        [
            cell.world, cell.hypothesis, cell.claim, f"{cell.truth:.3g}",
            f"{cell.verdicts('supported') / cell.studies:.1%}",
            f"{cell.verdicts('not_supported') / cell.studies:.1%}", f"{cell.bias:+.2f}",
        ]
        for cell in proof.cells
        if not cell.holds
    ]  # fmt: skip
    head = ("world", "hypothesis", "claim", "truth", "supported", "not supported", "bias")
    return _table(head, rows) if rows else "None."


def biases(proof: Proof, least: float = 0.0) -> str:
    """Estimates whose interval holds the truth less (or more) often than it says."""
    rows = [
        [
            cell.world, cell.hypothesis, f"{cell.truth:.3g}", f"{cell.estimate:.3g}",
            f"{cell.bias:+.2f}", f"{cell.covered:.0%}",
        ]
        for cell in proof.cells
        if not cell.covers and not abs(cell.bias) < least
    ]  # fmt: skip
    head = ("world", "hypothesis", "truth", "median estimate", "bias", "coverage")
    return _table(head, rows) if rows else "None."


def found(powers: Iterable[Power]) -> str:
    """Power that is claimed, and power that was found."""
    rows = [
        [
            one.world, one.hypothesis, f"{one.truth:.3g}", f"{one.claimed:.0%}",
            f"{one.observed:.0%}" + ("" if one.holds else " ✗"), str(one.judged),
        ]
        for one in powers
    ]  # fmt: skip
    head = ("world", "hypothesis", "truth", "claimed", "found", "of studies")
    return _table(head, rows) if rows else "None."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(entries) + " |" for entries in lines)


def page(proof: Proof) -> str:
    """The page for readers: what was asked, how often it holds, and where it does not."""
    held = sum(cell.holds for cell in proof.cells)
    drawn = {one.name for one in random_worlds()}
    cells = tuple(cell for cell in proof.cells if cell.world not in drawn)
    return _template("page").format(
        hypotheses=by_hypothesis(proof),
        misses=misses(proof),
        uncovered=sum(not cell.covers for cell in proof.cells),
        biases=biases(replace(proof, cells=cells), 1.0),
        powers=len(proof.powers),
        less=sum(not one.holds for one in proof.powers),
        power=found(one for one in proof.powers if not one.holds and one.world not in drawn),
        held=held,
        cells=len(proof.cells),
        worlds=len(_sizes(proof)),
        **proof.origin,
    )


def _template(name: str) -> str:
    return Path(__file__).with_name(f"{name}.txt").read_text(encoding="utf-8")
