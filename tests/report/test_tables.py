"""Tables of the pages cell by cell, against the files they come from; and each verdict's words."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aqbio.figures.words import digits
from aqbio.io.tables import read_table
from aqbio.pages.stance import SIDES, present_carriers, source_words, speed_columns
from aqbio.pages.verdicts import verdict_section
from aqbio.pages.words import measure_words
from aqbio.stats.registry import study_registry
from tests.pages import words_of
from tests.report.as_read import as_read

pytestmark = pytest.mark.xdist_group("page")

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")


@dataclass(frozen=True)
class Cell:
    """A cell of a table: its text, and the value behind each number with what is shown of it."""

    text: str
    marks: str
    numbers: tuple[tuple[float, str], ...]

    @property
    def values(self) -> list[float]:
        return [value for value, _ in self.numbers]


NUMBER = re.compile(r'<data value="(nan|[-+.e\d]+)"[^>]*>(.*?)</data>')


def cells_of(page: str, name: str) -> tuple[list[str], list[list[Cell]]]:
    """Heads of the columns, and the rows of a table of a page."""
    [table] = re.findall(rf'aria-label="Table: {re.escape(name)}">(.*?)</table>', page, re.S)
    head, _, body = table.partition("</thead>")
    heads = [
        words_of(header).strip() for header in re.findall(r"<th scope=.col.*?</th>", head, re.S)
    ]
    rows = []
    for row in re.findall(r"<tr.*?</tr>", body, re.S):
        raw_cells = re.findall(r"<t[hd]([^>]*)>(.*?)</t[hd]>", row, re.S)
        rows.append(
            [
                Cell(words_of(cell).strip(), marks, tuple(
                    (float(value), printed)
                    for value, printed in re.findall(NUMBER, cell)
                ))
                for marks, cell in raw_cells
            ]
        )  # fmt: skip
    return heads, rows


def check_digits(cell: Cell, factor: float = 1.0) -> None:
    """Printed digits of a value are the value in the unit of the page, rounded."""
    for value, printed in cell.numbers:
        if np.isnan(value):
            assert printed == "n/a"
            continue
        number, _, power = printed.translate(SUPERSCRIPTS).partition("×10")
        _, _, decimals = number.partition(".")
        ten = 10.0 ** int(power or 0)
        tolerance = 0.5001 * ten * 10.0 ** -len(decimals)
        assert abs(float(number) * ten - factor * value) <= tolerance, (value, printed)


def check_numbers(cell: Cell, *expected: float) -> None:
    np.testing.assert_allclose(cell.values, expected, rtol=1e-9, atol=0.0)


STEP_COLUMNS = (
    "touchdown_fitted_s", "contact_s", "flight_s", "speed_mps", "H_push_side_y_stance_mean_kgm2ps",
    "H_swing_side_y_stance_mean_kgm2ps", "M_residual_y_stance_rms_Nm",
)  # fmt: skip


def own_rows(made, name: str, athlete: str) -> pd.DataFrame:
    table = read_table(made.study.table(f"{name}.tsv"))
    return table[table["participant_id"] == athlete]


def test_every_step_is_on_the_page_of_its_athlete(made_study):
    for person in made_study.study.participants:
        athlete = person.participant_id
        steps = own_rows(made_study, "steps", athlete).to_dict("records")
        heads, rows = cells_of(made_study.page(f"athletes/{athlete}"), "steps")
        assert heads[:3] == ["Trial", "Step", "Stance foot"]
        assert len(heads) == 4 + len(STEP_COLUMNS)
        for step, row in zip(steps, rows, strict=True):
            texts = [cell.text for cell in row]
            assert texts[:3] == [step["trial_id"], str(step["step"]), step["side"]]
            for name, cell in zip(STEP_COLUMNS, row[3:-1], strict=True):
                check_numbers(cell, step[name])
                check_digits(cell)
            is_valid = step["status"] == "ok"
            assert texts[-1] == ("kept" if is_valid else f"{step['status']}: {step['reason']}")


def test_every_measure_of_quality_is_on_the_page_of_its_athlete(made_study):
    """With its limit, and whether it is beyond."""
    for person in made_study.study.participants:
        athlete = person.participant_id
        quality = own_rows(made_study, "quality", athlete)
        quality = quality[~quality["measure"].str.startswith("closure_")]
        if quality.empty:
            assert "All measures of quality" not in made_study.page(f"athletes/{athlete}")
            continue
        (_, *trials), rows = cells_of(made_study.page(f"athletes/{athlete}"), "quality")
        by = quality.assign(trial_id=quality["trial_id"].fillna("model"))
        by = by.set_index(["measure", "trial_id"])
        for measure, row in zip(dict.fromkeys(quality["measure"]), rows, strict=True):
            word = measure_words(measure, by.loc[measure]["unit"].iloc[0])
            assert row[0].text.startswith(
                f"{word.label} ({word.unit})" if word.unit else word.label
            )
            for trial, cell in zip(trials, row[1:], strict=True):
                if (measure, trial) not in by.index:
                    assert cell.text == "n/a"
                    continue
                check_rated(cell, by.loc[(measure, trial)], word.factor)


def check_rated(cell: Cell, row: pd.Series, factor: float) -> None:
    cell = replace(cell, numbers=cell.numbers[:1])  # the second is the limit
    check_numbers(cell, row["value"])
    check_digits(cell, factor)
    words_of_limit = cell.text.removeprefix(cell.numbers[0][1]).strip()
    rated = row["verdict"] in ("warning", "fail")
    assert (f'class="{row["verdict"]}"' in cell.marks) == rated
    if np.isnan(row["limit"]):
        assert "limit" not in words_of_limit
        return
    beyond = "above" if row["value"] > row["limit"] else "below"
    limit = digits(row["limit"] * factor)
    assert words_of_limit.startswith(
        f"{beyond} the limit of {limit}" if rated else f"limit {limit}"
    )


def speeds_of(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows of a table, by condition and speed, as the columns of pages have them."""
    by = table.groupby(["condition", "speed_mps"], sort=False, dropna=False)
    return [rows for _, rows in by]


ABOUT = {"x": "forward axis", "y": "vertical axis", "z": "sideways axis"}


def test_momentum_tables_are_those_of_stance_means(made_study):
    """Mean and spread by carrier and axis, mean and ends by joint, at every speed."""
    table = read_table(made_study.study.root / "figures" / "stance_means.tsv")
    columns, page = speeds_of(table), made_study.page("results")
    if not columns:
        assert "Table: angular momentum in contact" not in page
        return
    indexed = [column.set_index(["quantity", "source", "axis"]) for column in columns]
    for axis, words in ABOUT.items():
        heads, rows = cells_of(page, f"angular momentum in contact, {words}")
        for means, head in zip(columns, heads[1:], strict=True):
            assert f"{means['speed_mps'].iloc[0]:.1f} m/s" in head
            assert f"{int(means['steps'].iloc[0])} step" in head
        words_of_carriers = present_carriers(speed_columns(table))
        for (name, label), row in zip(words_of_carriers.items(), rows, strict=True):
            assert row[0].text == label
            for means, cell in zip(indexed, row[1:], strict=True):
                row_of_means = means.loc[("angular_momentum", name, axis)]
                check_numbers(cell, row_of_means["mean"], row_of_means["sd"])
                check_digits(cell)
    moments = table[table["quantity"] == "joint_moment_mean"]
    labels = {_capital(source_words(name)): name for name in moments["source"]}
    assert ("Table: joint moments about" in page) == bool(labels)
    rows = cells_of(page, "joint moments about the vertical in contact")[1] if labels else []
    assert {row[0].text for row in rows} == set(labels)
    for row in rows:
        name = labels[row[0].text]
        for means, cell in zip(indexed, row[1:], strict=True):
            kinds = [(f"joint_moment_{end}", name, "y") for end in ("mean", "min", "max")]
            if kinds[0] in means.index:
                check_numbers(cell, *(means.loc[kind]["mean"] for kind in kinds))
                check_digits(cell)
            else:
                assert cell.text == "n/a"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def test_contributions_of_all_sources_are_those_of_the_figure(made_study):
    """Of model C2 with its interval, of the other models below."""
    page = made_study.page("results")
    path = made_study.study.root / "figures" / "caused_rotation.tsv"
    columns = speeds_of(read_table(path)) if path.is_file() else []
    tables = made_study.content.tables
    modelled_people = set(tables["model_differences"]["participant_id"])
    compared = bool(modelled_people) and set(tables["steps"]["participant_id"]) <= modelled_people
    names = re.findall(r'aria-label="Table: (contributions to rotation at .*?)"', page)
    assert len(names) == len(columns)
    for name, contributions in zip(names, columns, strict=True):
        sources = list(dict.fromkeys(contributions["source"]))
        _, rows = cells_of(page, name)
        assert len(rows) == len(sources)
        for source, row in zip(sources, rows, strict=True):
            for panel, cell in zip(SIDES, row[1:3], strict=True):
                chosen = contributions[
                    (contributions["panel"] == panel) & (contributions["source"] == source)
                ]
                by = chosen.set_index("variant")
                first, other_models = by.loc["C2"], by.drop("C2")["mean"]
                ends = [first["low"], first["high"]] if first["low"] == first["low"] else []
                check_numbers(cell, first["mean"], *ends, *other_models)
                check_digits(cell)
                values = pd.Series([first["mean"], *ends, *other_models])
                one_side = bool((values > 0).all() or (values < 0).all())
                assert ('class="sure"' in cell.marks) == (compared and one_side and bool(ends))


def test_the_words_of_every_verdict_are_on_the_page(made_study):
    """Those of `verdict_words`, under their heads, with the claim as the registry has it."""
    page = made_study.page("results")
    section: Any = verdict_section(made_study.content.verdicts)
    registry = study_registry(made_study.study)
    verdicts_shown = [verdict for _, verdicts in section.parts for verdict in verdicts]
    articles = re.findall(
        r'<article id="words-(\w+)" class="verdict-text (\w*)">(.*?)</article>', page, re.S
    )
    for verdict, (name, kind, article) in zip(verdicts_shown, articles, strict=True):
        hypothesis, words = registry[verdict.hypothesis.id], as_read(verdict.words)
        assert (name, kind) == (hypothesis.id, verdict.row["verdict"])
        words_by_head = {
            html.unescape(re.sub(r"<[^>]+>", "", head)): html.unescape(re.sub(r"<[^>]+>", "", text))
            for head, text in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", article, re.S)
        }
        expected = {
            "Limits": words.limits,
            "Uncertainty": words.sure,
            "Would change if": words.change,
            "Claim": f"“{hypothesis.claim}” (article {hypothesis.source})",
            "Falsifiable content": f"{_capital(hypothesis.discriminating)}."
            * bool(hypothesis.discriminating),
            **dict(words.details),
        }
        assert words_by_head == {head: text for head, text in expected.items() if text}
        around = words_of(article)
        for text in (hypothesis.title, words.text, *words.remarks):
            assert words_of(html.escape(text)) in around
        assert words.verdict in around
