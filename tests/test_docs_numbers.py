"""Numbers in the docs that a benchmark wrote: the same in both."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CONSISTENCY = ROOT / "docs" / "consistency.md"

OUTCOMES = (
    ("A: momentum",),
    ("A: its rate, external moments",),
    ("B: turning the pelvis",),
    ("joint moments",),
    tuple(f"C, contact model C{n}" for n in (1, 2, 3, 4)),
)
"""Columns of the table of coverage in docs/levels.md, and rows of the results behind it."""

TRUTHS = {
    "perfect laboratory": "skin of steps x 0",
    "**as above**": "skin of steps x 1",
    "1.5 times": "skin of steps x 1.5",
    "as above, every centre": "centres of mass of one's own, 10 mm",
    "skin and muscle as masses": "masses on springs",
}
"""Rows of docs/consistency.md as they begin, and recordings of consistency_truth.md."""

USUAL = TRUTHS["**as above**"]
MOMENTA = ("leg", "arm", "torso", "total", "dleg", "darm", "dtorso")


def _text(path: Path, begin: str = "", end: str = "") -> str:
    text = path.read_text(encoding="utf-8")
    start = text.index(begin)
    return text[start : text.index(end, start) if end else len(text)]


def _cells(text: str, begin: str) -> list[str]:
    """Cells of the one row that begins so, without those that it begins with."""
    (row,) = (one for one in text.splitlines() if one.startswith(f"| {begin}"))
    return [one.strip() for one in row.strip("|").split("|")]


def _found(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"\d+\.?\d*(?:e-\d+)?", text)]


def _rounded(told: float, written: float, digits: int = 2) -> bool:
    """Whether a number is another one, rounded to so many digits."""
    return told == pytest.approx(float(f"{written:.{digits}g}"), rel=1e-9)


def _told(shares: list[float], widths: list[float] = ()) -> str:
    """As a cell has it: from least to greatest, and how much wider in brackets."""
    text = _ends(shares)
    return f"{text} (× {_ends(widths)})" if len(widths) else text


def _ends(numbers: list[float]) -> str:
    return " to ".join(dict.fromkeys(f"{one:.2f}" for one in (min(numbers), max(numbers))))


def _coverage_row(begin: str) -> list[str]:
    return _cells(_text(ROOT / "docs/levels.md", "| truth |", "What H1 and H2"), begin)[1:]


def _by_outcome(table: str) -> list[list[list[list[float]]]]:
    """Of every column the rows behind it, cell by cell."""
    return [
        [[_found(cell) for cell in _cells(table, name)[1:]] for name in names] for names in OUTCOMES
    ]


def test_coverage_of_models_that_are_in_no_interval():
    """Each cell of the results has a share without another model and one with it."""
    path = RESULTS / "other_models.md"
    rajagopal = _by_outcome(_text(path, "## With Rajagopal's").split("\n## ")[0])
    ours = _by_outcome(_text(path, "## With our model", "## With Rajagopal's"))
    for begin, found, which in (
        ("third models, no other", rajagopal, 0),
        ("third models, Rajagopal's", rajagopal, 1),
        ("third models, `sprint", ours, 1),
    ):
        expected = []
        for rows in found:
            shares = [cell[which] for row in rows for cell in row[:-1]]
            widths = [row[-1][0] for row in rows] if which else []
            expected.append(_told(shares, widths))
        assert _coverage_row(begin) == expected, begin


def test_coverage_of_joints_whose_truth_is_known():
    found = _by_outcome((RESULTS / "joint_forms.md").read_text(encoding="utf-8"))
    for begin, column in (
        ("joints of one's own, no other", 0),
        ("joints of one's own, `sprint", 1),
    ):
        expected = [
            _told([row[column][-1] for row in rows], [row[5][-1] for row in rows] if column else [])
            for rows in found
        ]
        assert _coverage_row(begin) == expected, begin


def test_coverage_of_the_prior():
    written = (RESULTS / "interval_coverage.md").read_text(encoding="utf-8")
    head = _cells(written, "truth")
    for begin in ("bodies and plates", "limbs of", "every parameter"):
        row = dict(zip(head[1:], _cells(written, begin)[1:], strict=True))
        expected = [
            _told([float(share) for name, share in row.items() if name.startswith(kind)])
            for kind in ("momentum", "rate", "hub", "joint", "caused")
        ]
        assert _coverage_row(begin) == expected, begin


def test_coverage_on_bodies_of_ones_own():
    """Means over the cases: shares of H_y, of rates and of joint moments, and widths of H_y."""
    written = (RESULTS / "body_intervals.md").read_text(encoding="utf-8").splitlines()
    for begin, of in (
        ("posterior alone", "posterior"),
        ("posterior and skin", "posterior and skin"),
    ):
        rows = [one.strip("|").split("|") for one in written if f"| {of} |" in one]
        assert len(rows) == 10
        shares = [np.mean([_found(row[column])[0] for row in rows]) for column in (3, 5, 6)]
        momentum, rate, joint = (f"{one:.2f}" for one in shares)
        told = _coverage_row(f"bodies and skin of one's own, {begin}")
        assert told == [momentum, rate, "", joint, ""], begin


def test_what_the_page_tells_of_one_athlete():
    """Rows, and ends of rows, of benchmarks/results/ja1_levels.md, which real studies hold."""
    docs = (ROOT / "docs/levels.md").read_text(encoding="utf-8")
    written = (RESULTS / "ja1_levels.md").read_text(encoding="utf-8")
    begin = (
        "| ankle alone",
        "| toes alone",
        "| **ankle and toes",
        "| Angular",
        "| Rate",
        "| What joints",
        "| H1: ",
        "| H2: ",
    )
    rows = [one for one in docs.splitlines() if one.startswith(begin)]
    assert len(rows) == 11
    assert set(rows) <= set(written.splitlines())
    for name, told in (
        ("peak moment", "peaks {:g} to {:g} N m"),
        ("work absorbed", "absorbed {:g} to {:g} J"),
    ):
        found = [
            _found(row.split("|")[3]) for row in written.splitlines() if row.startswith(f"| {name}")
        ]
        assert told.format(np.min(found), np.max(found)) in docs
    slips = [re.findall(r"([\d.]+) mm in the (jog|sprint)", text) for text in (docs, written)]
    assert len(slips[0]) == 2
    assert slips[0] == slips[1]
    [torso] = [
        row
        for row in written.splitlines()
        if row.startswith("| Angular momentum about the vertical: torso |")
    ]
    own, alone, _, both = _found(torso)
    assert f"({own:.2f} ± {alone:.2f} alone, ± {both:.2f} with both)" in docs


def test_what_five_models_cost():
    docs, written = (ROOT / "docs/levels.md", RESULTS / "other_models.md")
    (told,) = re.findall(r"JA1 on five models: (\d+) CPU s", docs.read_text(encoding="utf-8"))
    assert f"All five models: {told} CPU s" in written.read_text(encoding="utf-8")


@pytest.mark.parametrize("begin", TRUTHS)
def test_truth_of_the_fit(begin):
    """Shares of the plain way's errors with errors that are new and that last; how often intervals
    hold."""
    told = _truth(begin)
    written = (RESULTS / "consistency_truth.md").read_text(encoding="utf-8")
    name, head = TRUTHS[begin], _cells(written, "recordings | weights")
    rows = [
        dict(zip(head, _cells(written, f"{name} | {arm} |"), strict=True))
        for arm in ("30/10", "30/10, learnt skin")
    ]
    for cell, of in zip(told[1:8], MOMENTA, strict=True):
        assert _found(cell) == [_found(row[of])[1] for row in rows]
    sure = _text(RESULTS / "consistency_truth.md", "## How sure")
    own = _cells(sure, f"coverage | {name} | 30/10, learnt skin |")
    held = dict(zip(_cells(sure, "of | recordings"), own, strict=True))
    shares = [float(held[of]) for of in (*MOMENTA, "dtotal")]
    assert _found(told[8]) == [min(shares), max(shares)]


def test_errors_of_the_plain_way():
    written = (RESULTS / "consistency_truth.md").read_text(encoding="utf-8")
    head, row = (_cells(written, begin) for begin in ("recordings | weights", f"{USUAL} | plain |"))
    plain = dict(zip(head, row, strict=True))
    for cell, of in zip(_truth("plain, usual errors")[1:8], MOMENTA, strict=True):
        assert _rounded(*_found(cell), float(plain[of]))


def _truth(begin: str) -> list[str]:
    return _cells(_text(CONSISTENCY, "| recordings | H leg", "Uncertainty as stated"), begin)


@pytest.mark.parametrize(
    ("begin", "of"),
    [("coverage", "coverage"), ("sd over error", "sd/error"), ("of steps", "steps")],
)
def test_how_sure_the_fit_is(begin, of):
    docs = _text(CONSISTENCY, "| | H leg | H arm", "All recordings")
    written = _text(RESULTS / "consistency_truth.md", "## How sure")
    head = _cells(written, "of | recordings")
    rows = [
        dict(zip(head, _cells(written, f"{of} | {name} | 30/10, learnt skin |"), strict=True))
        for name in (USUAL, "centres of mass of one's own, 10 mm")
    ]
    names = (*MOMENTA, "dtotal")
    digits = 2 if of == "coverage" else 1
    for cell, name in zip(_cells(docs, begin)[1:], names, strict=True):
        expected = [float(row[name]) for row in rows]
        np.testing.assert_allclose(_found(cell), expected, rtol=0, atol=0.51 * 10.0**-digits)


def test_contacts_that_were_left_out():
    """The plain way, errors that are new and that last; usual errors and masses on springs."""
    docs = _text(CONSISTENCY, "| error of the prediction", "The impulse of a step")
    written = _text(RESULTS / "consistency_truth.md", "## Contacts", "## Parameters")
    head = _cells(written, "way | recordings")
    for begin, statistic in (
        ("mean force", "force_mean"),
        ("mean moment", "moment_mean"),
        ("course of the force", "force_rms"),
        ("course of the moment", "moment_rms"),
    ):
        expected = []
        for way, arm in (("plain", "30/10"), ("fit", "30/10"), ("fit", "30/10, learnt skin")):
            for name in (USUAL, "masses on springs"):
                row = dict(zip(head, _cells(written, f"{way} | {name} | {arm} |"), strict=True))
                expected.append(float(row[statistic]))
        told = _found(" ".join(_cells(docs, begin)[1:]))
        np.testing.assert_allclose(told, expected, rtol=0, atol=0.51)
