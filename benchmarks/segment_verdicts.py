"""Verdicts under other beliefs: ``python -m benchmarks.segment_verdicts STUDY RESULTS INTO``.

A study that was run is fitted again from stage consistency on with each belief about where the mass
of segments sits (`benchmarks.segment_truth`), in copies of its results, without the multiverse and
without trials left out. What is in a copy already is not done again.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import yaml

import aqbio
from aqbio.io.atomic import write_text
from aqbio.io.segment_sources import segment_sources
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.mechanics.anthropometry.segment_sources import Belief, about_model, about_sources
from aqbio.mechanics.consistency.runner import Runner
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray
from aqbio.pipeline import participant_stage, study_stage
from benchmarks.segment_bodies import way_of
from benchmarks.segment_truth import MODEL, SOURCES, TODAY

RESULTS = Path(__file__).parent / "results"
WAYS = {SOURCES: about_sources, MODEL: about_model}
FOLDERS = {SOURCES: "sources", MODEL: "model"}
AGAIN = ("consistency", "contributions", "steps", "evidence")
TABLES = ("verdicts", "single_athletes", "contribution_means", "uncertainty")
PARTS = ("push_leg", "swing_leg", "arms", "torso", "push_side", "total")


def copied(study: Path, results: Path, into: Path) -> Path:
    """The study with its results in another place, cut to what is compared; once."""
    file = into / "study" / "study.yaml"
    if not file.is_file():
        settings = yaml.safe_load(study.read_text(encoding="utf-8"))
        data = settings["files"]["data"]
        if not data.startswith("$"):
            data = (study.parent / data).resolve().as_posix()
        settings["results"] = (into / "results").as_posix()
        settings["files"] = {"data": data}
        settings["multiverse"] = {"enabled": False}
        settings.setdefault("consistency", {})["held_out_folds"] = 0
        settings.pop("other_models", None)
        shutil.copytree(results, into / "results" / settings["name"])
        file.parent.mkdir(parents=True)
        for sheet in study.parent.iterdir():
            if sheet.suffix in (".tsv", ".yaml") and sheet.name != file.name:
                shutil.copy(sheet, file.parent)
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


@contextmanager
def believing(belief: Belief | None) -> Iterator[None]:
    """Let stage consistency start from a belief: the place of the centres, and how sure it is."""
    known: dict[tuple[str, ...], FloatArray] = {}

    def moved(path: Path) -> Skeleton:
        scaled = load_skeleton(path)
        way = way_of(scaled, belief)
        known["covariance",] = way.covariance
        return replace(scaled, com=scaled.com + way.mean)

    class Believing(Runner):
        """A runner of whom something else is believed."""

        @cached_property
        def centre_covariance(self) -> FloatArray:
            """What the belief and the body's posterior leave open, (3 B, 3 B), m²."""
            left_open = 0.0 if self.open_centres is None else self.open_centres
            return np.asarray(known["covariance",] + left_open)

    with (
        patch("aqbio.stages.consistency.stage.load_skeleton", moved),
        patch("aqbio.session.fit.Runner", Believing),
    ):
        yield


def _silent(_: str) -> None:
    pass


def again(study: Study, way: str, most: int) -> bool:
    """At most so many participants' stages that hang on the belief, then those of the study."""
    done = study.root / "participants_done"
    done.mkdir(exist_ok=True)
    for one in study.participants:
        mark = done / one.participant_id
        if mark.is_file():
            continue
        if most == 0:
            return False
        most, start = most - 1, time.process_time()
        for stage in AGAIN:
            with believing(WAYS[way](segment_sources())):
                participant_stage(stage)(study, one.participant_id, _silent)
        mark.touch()
        print(f"{way}, {one.participant_id}: {time.process_time() - start:.0f} CPU s", flush=True)
    for stage in ("tables", "hypotheses"):
        study_stage(stage)(study, _silent)
    return True


HEAD = """\
# Verdicts under other beliefs

Written by `python -m benchmarks.segment_verdicts STUDY RESULTS INTO --write` on {date}, aqbio
{version}. [What it means](../../docs/segments.md#verdicts).

Study `{name}` (participants: {people}) as it was run, and fitted again from stage consistency on
with other beliefs about where the mass of segments sits, without the multiverse. Estimates with
their 95 % intervals and verdicts; those that differ from today's are bold.

"""
WIDTHS = """

H_y of the parts, mean over a contact: by how much participants' estimates change against today's
(RMS, both feet), and the standard deviation of a mean as the page tells it, with the share of its
variance that the body's inertia has; kg m²/s, means over participants.

"""


def _tables(root: Path) -> dict[str, pd.DataFrame]:
    return {name: read_table(root / "tables" / f"{name}.tsv") for name in TABLES}


def page(tables: dict[str, dict[str, pd.DataFrame]], name: str) -> str:
    """Give the page of results."""
    people = tables[TODAY]["contribution_means"]["participant_id"].nunique()
    verdicts = {way: _verdicts(own, alone=people == 1) for way, own in tables.items()}
    now = verdicts[TODAY]
    date, version = time.strftime("%Y-%m-%d"), aqbio.__version__
    lines = [HEAD.format(date=date, version=version, name=name, people=people)]
    lines.append(_row("hypothesis", *verdicts).lstrip("\n") + "\n|" + " --- |" * (1 + len(tables)))
    for hypothesis, row in now.iterrows():
        if np.isfinite(row["estimate"]):
            cells = [_verdict(own.loc[hypothesis], row) for own in verdicts.values()]
            lines.append(_row(str(hypothesis), *cells))
    lines += [WIDTHS, "| belief | " + " | ".join(PARTS) + " |\n|" + " --- |" * (1 + len(PARTS))]
    for way, own in tables.items():
        cells = [_width(own, tables[TODAY], part) for part in PARTS]
        lines.append(_row(way, *cells))
    return "".join(lines) + "\n"


def _verdicts(tables: dict[str, pd.DataFrame], *, alone: bool) -> pd.DataFrame:
    """Of one athlete alone: the athlete's own numbers, with which there is no verdict."""
    table = tables["verdicts"].set_index("hypothesis")
    if alone:
        names = ["estimate", "ci_low", "ci_high"]
        table[names] = tables["single_athletes"].set_index("hypothesis")[names]
    return table


def _verdict(one: pd.Series, now: pd.Series) -> str:
    words = str(one["verdict"])
    changed = words != now["verdict"] or one["found"] != now["found"]
    told = f"{one['estimate']:.3g} ({one['ci_low']:.3g} to {one['ci_high']:.3g}), {words}"
    return f"**{told} ({one['found']})**" if changed else told


def _of_part(tables: dict[str, pd.DataFrame], name: str, part: str) -> pd.DataFrame:
    table = tables[name]
    chosen = (table["level"] == "A") & (table["source"] == part) & (table["axis"] == "y")
    chosen &= (table["phase"] == "stance") & (table["statistic"] == "momentum_mean")
    if "condition" in table:
        chosen &= table["condition"] == "normal"
    keys = [key for key in ("participant_id", "side") if key in table]
    return table[chosen].set_index(keys)


def _width(own: dict[str, pd.DataFrame], now: dict[str, pd.DataFrame], part: str) -> str:
    means, before = (_of_part(one, "contribution_means", part)["mean"] for one in (own, now))
    told = _of_part(own, "uncertainty", part)
    moved = float(np.sqrt(((means - before) ** 2).mean()))
    body = (told["share_inertia"] + told["share_centres"]).mean()
    return f"{moved:.3f}; {told['sd'].mean():.3f} ({body:.2f})"


def _row(*cells: str) -> str:
    return f"\n| {' | '.join(cells)} |"


def main() -> None:
    """Compute what is missing, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("results", type=Path, help="of the study, as it was run")
    parser.add_argument("into", type=Path, help="where the copies are")
    parser.add_argument(
        "--beliefs", nargs="+", choices=FOLDERS.values(), default=[*FOLDERS.values()]
    )
    parser.add_argument("--most", type=int, default=100, help="participants done in one run")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    tables = {TODAY: _tables(asked.results)}
    for way, folder in FOLDERS.items():
        if folder in asked.beliefs:
            study = load_study(copied(asked.study, asked.results, asked.into / folder))
            if not again(study, way, asked.most):
                return
            tables[way] = _tables(study.root)
    name = load_study(asked.study).settings.name
    text = page(tables, name)
    print(text)
    if asked.write:
        write_text(RESULTS / f"segment_verdicts_{name}.md", text)


if __name__ == "__main__":
    main()
