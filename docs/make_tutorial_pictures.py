"""Pictures of the tutorial: `python -m docs.make_tutorial_pictures STUDY` takes them of a study.

Sheets as a spreadsheet shows them, the page, findings, and the residuals of the trials in which
motion and forces agree best and worst before the fit, in Chromium.
"""

from __future__ import annotations

import io
import shutil
import sys
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image
from playwright.sync_api import sync_playwright

from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table

IMAGES = Path(__file__).parent / "images" / "tutorial"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, COLOURS = 900, 64
ROWS = 6
"""Of a sheet."""

MEASURE = "plain_residual_moment_z_rms"
"""By it the best and the worst trial are chosen."""

SHEET_LOOK = (
    "body{margin:8px;font:13px sans-serif;width:fit-content}"
    "table{border-collapse:collapse}"
    "td,th{white-space:nowrap;border:1px solid #bbb;padding:2px 10px;text-align:left}"
    "tr:first-child td{font-weight:bold}th{background:#e8e8e8;font-weight:normal;color:#555}"
)


def make_pictures(study: Study) -> None:
    """Take every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    executable = next(path for name in BROWSERS if (path := shutil.which(name)))
    report = (study.root / "report").absolute()
    best, worst = extremes(read_table(study.table("quality.tsv")))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": WIDTH, "height": 640})
        for name in ("participants", "trials"):
            view.set_content(sheet(study.file.parent / f"{name}.tsv"))
            save(view.locator("table").screenshot(), f"sheet_{name}")
        view.goto((report / "index.html").as_uri())
        save(view.screenshot(), "page")
        view.goto((report / "quality.html").as_uri())
        save(part(view, "#findings"), "findings")
        for name, (athlete, trial) in (("good", best), ("bad", worst)):
            view.goto((report / "trials" / athlete / f"{trial}.html").as_uri())
            save(part(view, "[aria-label='Table: Residuals']"), f"residual_{name}")
        browser.close()


def extremes(quality: pd.DataFrame) -> tuple[tuple[str, str], tuple[str, str]]:
    """(athlete, trial) with the smallest and with the largest residual before the fit."""
    residuals = quality[quality["measure"] == MEASURE].sort_values("value")
    first, last = residuals.iloc[0], residuals.iloc[-1]
    return tuple((str(row["participant_id"]), str(row["trial_id"])) for row in (first, last))  # type: ignore[return-value]


def sheet(path: Path) -> str:
    """The first rows of a sheet as a spreadsheet shows them, with letters and numbers around."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()[:ROWS]]
    letters = "".join(f"<th>{chr(65 + column)}</th>" for column in range(len(rows[0])))
    cells = [
        f"<tr><th>{number}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for number, row in enumerate(rows, start=1)
    ]
    body = f"<table><thead><tr><th></th>{letters}</tr></thead><tbody>{''.join(cells)}</tbody>"
    return f"<style>{SHEET_LOOK}</style>{body}</table>"


def part(view: Any, selector: str) -> bytes:
    """A part of a page, at most a screen high."""
    element = view.locator(selector).first
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    box["height"] = min(box["height"], 640)
    return bytes(view.screenshot(clip=box, full_page=False))


def save(picture: bytes, name: str) -> None:
    """Write a picture of few colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    make_pictures(load_study(Path(sys.argv[1])))
