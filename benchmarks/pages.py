"""``python -m benchmarks.pages STUDY.yaml``: size and speed of the pages as a study grows.

Takes a study with results, repeats its athletes and trials under other names to 100 athletes with
30 trials each, writes its pages and opens them in Chromium. Writes ``benchmarks/results/pages.md``.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pandas as pd

from aqbio.io.study import Study, load_study
from aqbio.report.athlete_page import athlete_page
from aqbio.report.explorer import explorer_script
from aqbio.report.group import GroupContent, group_script
from aqbio.report.lines import athlete_lines, trial_lines
from aqbio.report.page import ASSETS, PageContent, study_pages
from aqbio.stages.athlete.stage import athlete_content
from aqbio.stages.report.group import group_content
from aqbio.stages.report.stage import page_content
from benchmarks.memory import most_mb

RESULT = Path(__file__).parent / "results" / "pages.md"
ATHLETES, TRIALS = 100, 30

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a page took."""

    page: str
    size_kb: float
    seconds: float
    """Until it had loaded."""
    elements: int
    heap_mb: float
    messages: int
    elsewhere: int
    """Addresses outside the results that were asked for."""


def repeated(content: PageContent, trials: int) -> PageContent:
    """A study of many athletes with many trials, made of the tables of a few."""
    pairs = _pairs(content)
    tables = {
        name: _many(getattr(content, name), pairs, trials)
        for name in ("steps", "trials", "quality")
    }
    return replace(
        content,
        **tables,
        participants=len(pairs),
        people=_named(content.people, pairs),
        replayed=frozenset(
            zip(tables["trials"]["participant_id"], tables["trials"]["trial_id"], strict=True)
        ),
        verdicts=replace(content.verdicts, single=_named(content.verdicts.single, pairs)),
        figures=tuple(one for one in content.figures if not one.participant_id),
    )


def _named(table: pd.DataFrame, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    own = dict(list(table.groupby("participant_id", sort=False)))
    parts = [own[one].assign(participant_id=name) for name, one in pairs if one in own]
    return pd.concat(parts, ignore_index=True)


def _many(table: pd.DataFrame, pairs: list[tuple[str, str]], trials: int) -> pd.DataFrame:
    """Rows of the athletes' trials, over and over until there are enough trials."""
    own = dict(list(table.groupby("participant_id", sort=False)))
    repeats = {name: dict(list(rows.groupby("trial_id", sort=False))) for name, rows in own.items()}
    parts = []
    for name, one in pairs:
        for number, rows in enumerate(islice(cycle(repeats[one].values()), trials)):
            parts.append(rows.assign(participant_id=name, trial_id=f"run-{number + 1:02d}"))
    return pd.concat(parts, ignore_index=True)


def _pairs(content: PageContent) -> list[tuple[str, str]]:
    """New names, and whose tables each of them has."""
    originals = [str(name) for name in content.people["participant_id"]]
    return [(f"A{n:03d}", one) for n, one in enumerate(islice(cycle(originals), ATHLETES))]


def grown_group(study: Study, content: PageContent) -> GroupContent:
    """What the pages of many athletes share."""
    made, pairs = group_content(study, content), _pairs(content)
    return replace(
        made,
        people=tuple(name for name, _ in pairs),
        single=_named(made.single, pairs),
        curves={name: made.curves[one] for name, one in pairs if one in made.curves},
        figures=tuple(
            replace(figure, participant_id=name)
            for name, one in pairs
            for figure in made.figures
            if figure.participant_id == one
        ),
    )


def write_study(content: PageContent, group: GroupContent, folder: Path) -> float:
    """Write the study's pages, as stage report does; CPU time, s."""
    start = time.process_time()
    for name, text in study_pages(content):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "group.js").write_text(group_script(group), encoding="utf-8")
    script = explorer_script(content.steps, content.replayed)
    (folder / "explorer-data.js").write_text(script, encoding="utf-8")
    return time.process_time() - start


def write_athletes(study: Study, content: PageContent, grown: PageContent, folder: Path) -> float:
    """Write the athletes' pages, as their own jobs do; CPU time, s."""
    folder.mkdir()
    start = time.process_time()
    lines = athlete_lines(grown.people, grown.trials)
    tables = [
        dict(list(one.groupby("participant_id", sort=False)))
        for one in (grown.steps, grown.quality, grown.trials)
    ]
    for line, (name, one) in zip(lines, _pairs(content), strict=True):
        steps, quality, trials = (own[name] for own in tables)
        made = replace(
            athlete_content(study, one),
            line=line,
            trials=tuple(trial_lines(trials, grown.replayed)),
            steps=steps,
            quality=quality,
        )
        (folder / f"{name}.html").write_text(athlete_page(made), encoding="utf-8")
    return time.process_time() - start


def opened(folder: Path, names: list[str]) -> Iterator[Opened]:
    """Open pages in Chromium, as by a double click."""
    from playwright.sync_api import sync_playwright

    executable = next(found for name in BROWSERS if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        for name in names:
            yield _opened(browser, folder, name)
        browser.close()


def _opened(browser: Any, folder: Path, name: str) -> Opened:
    view = browser.new_page()
    messages: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: messages.append(message.text))
    view.on("pageerror", lambda error: messages.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    start = time.perf_counter()
    view.goto((folder / name).as_uri())
    if name.startswith("trials/"):
        view.wait_for_selector("#replay[data-ready]", timeout=120_000)
    seconds = time.perf_counter() - start
    session = view.context.new_cdp_session(view)
    session.send("Performance.enable")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    inside = (folder.parent.as_uri(), "data:", "blob:")
    elements = int(view.evaluate("document.getElementsByTagName('*').length"))
    view.close()
    return Opened(
        name,
        (folder / name).stat().st_size / 1e3,
        seconds,
        elements,
        found["JSHeapUsedSize"] / 1e6,
        len(messages),
        sum(not one.startswith(inside) for one in asked),
    )


def _table(title: str, rows: list[Opened]) -> list[str]:
    return [
        f"## {title}",
        "",
        "| page | kB | opens in s | elements | heap MB | messages | asked elsewhere |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {one.page} | {one.size_kb:.0f} | {one.seconds:.2f} | {one.elements:,} | "
            f"{one.heap_mb:.1f} | {one.messages} | {one.elsewhere} |"
            for one in rows
        ),
        "",
    ]


PAGES = ["index.html", "results.html", "explorer.html", "quality.html", "methods.html"]


def main(arguments: list[str] | None = None) -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    given = parser.parse_args(arguments)
    study = load_study(given.study)
    content = page_content(study, single=False)
    people = [str(name) for name in content.people["participant_id"]]
    first = sorted(content.replayed)[0]
    mine = [*PAGES, f"athletes/{people[0]}.html", "trials/{}/{}.html".format(*first)]
    own = _table(
        f"{len(people)} athletes, {len(content.trials)} trials",
        list(opened((study.root / "report").absolute(), mine)),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "report"
        with_assets = shutil.ignore_patterns("__pycache__")
        shutil.copytree(str(ASSETS), folder / "assets", ignore=with_assets)
        (folder.parent / "figures").symlink_to((study.root / "figures").absolute())
        many = repeated(content, TRIALS)
        seconds = write_study(many, grown_group(study, content), folder)
        most = most_mb()
        each = write_athletes(study, content, many, folder / "athletes") / ATHLETES
        grown = _table(
            f"{ATHLETES} athletes, {ATHLETES * TRIALS} trials: the study's pages in {seconds:.0f} "
            f"CPU s and {most:.0f} MB, an athlete's in {each:.2f} CPU s",
            list(opened(folder, [*PAGES, "athletes/A000.html"])),
        )
    text = ["# Pages as a study grows", "", *own, *grown]
    RESULT.write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
