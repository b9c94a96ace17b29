"""The proof on disk: tables with sidecars, and a page that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from aqbio.io.atomic import write_text
from aqbio.io.dictionary import Columns
from aqbio.io.tables import write_table
from validation.matrix import COLUMNS, EXPECTED, FALSE_SHARE, HOLDS_SHARE, LETTERS, Cell
from validation.power import Power
from validation.regulation import Regulated

WORLD_COLUMNS: Columns = {
    "world": {"description": "World of data/virtual_sprinters/worlds.yaml."},
    "hypothesis": {"description": "Hypothesis of the registry."},
    "expected": {
        "description": "S supported, N not supported, I inconclusive, M mechanically implied, T "
        "not testable; N/I: either; a dot: any but S."
    },
    "studies": {"description": "Drawn studies."},
    "supported": {"description": "Studies with that verdict."},
    "not_supported": {"description": "Studies with that verdict."},
    "inconclusive": {"description": "Studies with that verdict."},
    "implied": {"description": "Studies with the verdict mechanically_implied."},
    "not_testable": {"description": "Studies with that verdict."},
    "expected_share": {"description": "Share of studies with an expected verdict."},
    "support_bound": {"description": "95 % lower bound of the rate of support."},
    "holds": {
        "description": f"yes: an expected verdict in at least {HOLDS_SHARE:.0%} of studies and, "
        f"where S is not expected, a lower bound of support of at most {FALSE_SHARE:.0%}."
    },
}

POWER_COLUMNS: Columns = {
    "world": {"description": "World."},
    "hypothesis": {"description": "Hypothesis."},
    "athletes": {"description": "Athletes whose strength and highest speed are known."},
    "studies": {"description": "Drawn studies."},
    "supported": {"description": "Studies with that verdict by the whole rule."},
    "not_supported": {"description": "Studies with that verdict."},
    "inconclusive": {"description": "Studies with that verdict."},
}

REGULATION_COLUMNS: Columns = {
    "world": {"description": "World."},
    "expected": {"description": "What the 95 % interval of the log compensation must be."},
    "studies": {"description": "Drawn studies."},
    "negative": {"description": "Studies whose interval lies below 0."},
    "mean": {"description": "Mean log compensation of both legs over studies."},
    "holds": {"description": "By the rule of worlds.tsv."},
}


@dataclass(frozen=True, eq=False)
class Proof:
    """Everything that a run of the validation found.

    Attributes
    ----------
    cells : tuple of Cell
    powers : tuple of Power
    regulated : tuple of Regulated
    origin : mapping
        Date, version, hash of the registry, studies and seed.
    """

    cells: tuple[Cell, ...]
    powers: tuple[Power, ...]
    regulated: tuple[Regulated, ...]
    origin: Mapping[str, object]

    @property
    def holds(self) -> bool:
        """Whether every cell holds."""
        return all(cell.holds for cell in self.cells) and all(one.holds for one in self.regulated)


def write_proof(proof: Proof, folder: Path) -> None:
    """Write worlds.tsv, power.tsv, regulation.tsv, their sidecars and README.md."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table(world_table(proof), folder / "worlds.tsv", WORLD_COLUMNS, proof.origin, digits=4)
    power = pd.DataFrame([asdict(one) for one in proof.powers])
    write_table(power, folder / "power.tsv", POWER_COLUMNS, proof.origin)
    regulated = pd.DataFrame([asdict(one) for one in proof.regulated])
    regulated["holds"] = ["yes" if one.holds else "no" for one in proof.regulated]
    write_table(regulated, folder / "regulation.tsv", REGULATION_COLUMNS, proof.origin, digits=4)
    write_text(folder / "README.md", page(proof))


def world_table(proof: Proof) -> pd.DataFrame:
    """One row per world and hypothesis."""
    rows = []
    for cell in proof.cells:
        counts = {
            label.removeprefix("mechanically_"): cell.counts.get(label, 0)
            for label in LETTERS.values()
        }
        rows.append(
            {
                "world": cell.world,
                "hypothesis": cell.hypothesis,
                "expected": cell.expected,
                "studies": cell.studies,
                **counts,
                "expected_share": cell.expected_share,
                "support_bound": cell.least_support,
                "holds": "yes" if cell.holds else "no",
            }
        )
    return pd.DataFrame(rows)


def summary(proof: Proof) -> str:
    """Matrix of percentages of expected verdicts; what does not hold has a cross."""
    by_place = {(cell.world, cell.hypothesis): cell for cell in proof.cells}
    lines = [_line(("world", *COLUMNS)), _line(["---"] * (len(COLUMNS) + 1))]
    for world in EXPECTED:
        cells = [by_place[world, name] for name in COLUMNS]
        lines.append(_line([world, *(_shown(cell) for cell in cells)]))
    lines += ["", _line(("world", "hypothesis", "athletes", "S", "N", "I"))]
    lines.append(_line(["---"] * 6))
    for one in proof.powers:
        shares = [one.supported, one.not_supported, one.inconclusive]
        percent = [f"{count / one.studies:.0%}" for count in shares]
        lines.append(_line([one.world, one.hypothesis, str(one.athletes), *percent]))
    lines += ["", _line(("world", "mean log compensation", "interval below 0", "holds"))]
    lines.append(_line(["---"] * 4))
    for regulated in proof.regulated:
        share = f"{regulated.negative / regulated.studies:.0%}"
        holds = "yes" if regulated.holds else "no"
        lines.append(_line([regulated.world, f"{regulated.mean:.2f}", share, holds]))
    return "\n".join(lines)


def _line(entries: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(entries) + " |"


def _shown(cell: Cell) -> str:
    expected = "not S" if cell.expected == "." else cell.expected
    return f"{expected} {cell.expected_share:.0%}" + ("" if cell.holds else " ✗")


def page(proof: Proof) -> str:
    """The page that shows the tables."""
    template = Path(__file__).with_name("page.txt").read_text(encoding="utf-8")
    return template.format(matrix=summary(proof), **proof.origin)
