"""Numbers, names and comparisons of finished pages against the tables of made-up studies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.pages.address import KEYS, marked, plain, with_addresses
from tests.report.conftest import STUDIES, MadeStudy, made_pages
from validation.address_pages import Address, read_page, read_report
from validation.address_tables import Tables
from validation.addresses import problem, unaddressed

pytestmark = pytest.mark.xdist_group("page")

PLANTED, DRAWS = 30, 10
"""Cells that are changed in a draw, and draws."""


def is_made_apart(address: Address) -> bool:
    """States of trials on pages of people, which are made up apart from the study's table."""
    return address.page.startswith("athletes/") and address.table == "trials"


@pytest.fixture(scope="module", params=[*STUDIES, "strong"])
def study(request: pytest.FixtureRequest, folder) -> MadeStudy:
    return made_pages(request.param, folder / request.param)


def test_every_address_says_what_its_table_says(study: MadeStudy):
    root = study.study.root
    addresses, _ = read_report(root)
    tables = Tables(root, study.study)
    wrong = {
        address: words for address in dict.fromkeys(addresses)
        if (words := problem(address, tables)) and not is_made_apart(address)
    }  # fmt: skip
    assert wrong == {}
    assert len(addresses) > (0 if study.name == "none" else 100)


def test_every_number_has_an_address(study: MadeStudy):
    _, lines = read_report(study.study.root)
    assert list(unaddressed(lines)) == []


def changed(value: object, address: Address, generator: np.random.Generator) -> object:
    """Another value of a cell, by more than the last digit that the page writes."""
    if isinstance(value, str):
        return f"{value} otherwise"
    digit = 10.0 ** -len(address.text.partition("×")[0].partition(".")[2])
    least = 2.0 * digit / abs(float(address.factor or 1.0))
    size = least + abs(float(value)) * generator.uniform(0.2, 2.0)
    return float(value) + size * (np.sign(value) or 1.0)


@pytest.mark.parametrize("seed", range(DRAWS))
def test_changed_cells_are_noticed(whole_study: MadeStudy, seed):
    """Every planted change of a cell that a page states is noticed at its address."""
    root = whole_study.study.root
    generator = np.random.default_rng(seed)
    tables = Tables(root, whole_study.study)
    cells = [
        address for address in dict.fromkeys(read_report(root)[0])
        if not address.by and address.table not in ("registry", "participants")
        and not is_made_apart(address) and not pd.isna(tables.rows(address)[address.column].iloc[0])
    ]  # fmt: skip
    chosen = [cells[number] for number in generator.choice(len(cells), PLANTED, replace=False)]
    missed = []
    for address in chosen:
        table = tables[address.table]
        (row,) = tables.rows(address).index
        before = table.loc[row, address.column]
        after = changed(before, address, generator)
        tables.read[address.table] = planted = table.copy()
        planted[address.column] = planted[address.column].astype(object)
        planted.loc[row, address.column] = after
        if not problem(address, tables):
            missed.append((address, before, after))
        tables.read[address.table] = table
    assert missed == []


def test_a_changed_row_changes_counts_and_comparisons(whole_study: MadeStudy):
    """A trial that failed, a side that turns the other way: counts and words follow."""
    root = whole_study.study.root
    addresses = set(read_report(root)[0])
    tables = Tables(root, whole_study.study)
    trials = tables["trials"].copy()
    trials.loc[trials.index[trials["state"] == "usable"][0], "state"] = "failed"
    means = tables["figures/stance_means"].copy()
    is_side = means["quantity"].eq("angular_momentum") & means["source"].eq("push_side")
    means.loc[is_side, ["mean", "low", "high"]] *= -1.0
    for name, table, by in (
        ("trials", trials, "count"),
        ("figures/stance_means", means, "directions"),
    ):
        own = [one for one in addresses if (one.table, one.by) == (name, by)]
        own = [one for one in own if not is_made_apart(one)]
        assert not any(problem(one, tables) for one in own)
        tables.read[name] = table
        assert any(problem(one, tables) for one in own)


@pytest.mark.parametrize(
    ("table", "column", "by"),
    [
        *(("strength", "value", by) for by in ("mean", "legs", "sessions")),
        ("strength", "pain", "pain"),
        *(("reference", "scaled", f"{of} of others") for of in ("mean", "sd")),
    ],
)
def test_changed_strengths_and_others_are_noticed(folder, table, column, by):
    """What is computed of a sheet of attempts and of other people follows these."""
    study = made_pages("strong", folder / "strong").study
    tables = Tables(study.root, study)
    own = [one for one in dict.fromkeys(read_report(study.root)[0]) if one.by == by]
    changed_table = tables[table].copy()
    if column == "pain":
        changed_table[column] = "hip, 2 of 10"
    else:
        is_odd = np.arange(len(changed_table)) % 2 == 1
        factor = 1.5 if table != "strength" else np.where(is_odd, 1.5, 1.0)
        changed_table[column] *= factor
    assert own
    assert not any(problem(one, tables) for one in own)
    tables.read[table] = changed_table
    assert any(problem(one, tables) for one in own)


def test_marks_become_elements_and_leave_attributes_and_drawings_alone():
    text = f"on {marked('−1.5', 'steps', 'step=1', 'speed_mps', factor=2.0)} m/s"
    page = f'<p title="{text}">{text}</p><svg><text>{text}</text></svg>'
    bare = "on −1.5 m/s"
    stated = (
        '<data value="-1.5" data-table="steps" data-key="step=1" data-column="speed_mps" '
        'data-factor="2">−1.5</data>'
    )
    assert with_addresses(page) == (
        f'<p title="{bare}">on {stated} m/s</p><svg><text>{bare}</text></svg>'
    )
    assert plain(text) == bare


def test_no_line_breaks_before_per_cent():
    """In words and after an address; drawings, tags and scripts are as they were."""
    apart = '<p title="9 %">a % b</p><svg><text>7 %</text></svg><script>5 % 2</script>'
    page = with_addresses(f"<p>95 % of {marked('3', 't', '', '2 %')} %</p>{apart}")
    assert page == (
        '<p>95\N{NO-BREAK SPACE}% of <data value="3" data-table="t" data-column="2 %">3</data>'
        f"\N{NO-BREAK SPACE}%</p>{apart}"
    )


@pytest.mark.parametrize("table", KEYS)
def test_keys_tell_the_rows_of_a_table_apart(whole_study: MadeStudy, table):
    rows = Tables(whole_study.study.root, whole_study.study)[table]
    assert not rows.duplicated(list(KEYS[table])).any()


def test_a_number_without_an_address_is_noticed(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '<main><section id="a"><p>It is <data data-table="t" data-column="c">3</data> of 95 % at '
        "0.3 m/s</p><p>S01 at 95 % <svg><text>4</text></svg></p></section></main>",
        encoding="utf-8",
    )
    addresses, lines = read_page(page, "page.html")
    assert addresses == [Address("page.html", "3", "t", "", "c")]
    assert [line.text for line in unaddressed(lines)] == ["It is ¶ of 95 % at 0.3 m/s"]
