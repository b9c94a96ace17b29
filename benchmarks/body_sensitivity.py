"""What twice and half of each belief does: ``python -m benchmarks.body_sensitivity --write``.

Virtual people (`validation.bodies`) and, where ``--study`` names a prepared study, its first
participant, fitted again from where the usual priors led.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import numpy as np
import pandas as pd

import aqbio
from aqbio.io.atomic import write_text
from aqbio.io.body_sizes import body_sizes
from aqbio.io.study import load_study
from aqbio.mechanics.calibration import frames, hips, places, priors, problem, scales
from aqbio.mechanics.calibration.fit import BodyFit, FlexionStarts, body_fit
from aqbio.mechanics.calibration.frames import faced
from aqbio.mechanics.calibration.parts import body_parts
from aqbio.mechanics.calibration.people import Person
from aqbio.mechanics.calibration.posterior import LengthEstimate, lengths
from aqbio.mechanics.calibration.problem import Problem
from aqbio.mechanics.calibration.shape import Template
from aqbio.osim.calibrated import generic_skeleton
from aqbio.osim.session import quiet
from aqbio.stages.scale.calibration import session_problem
from benchmarks.body_calibration import SPINES
from validation.bodies import (
    CASES,
    CLUSTERS_ALONE,
    FULL,
    MAP,
    Laboratory,
    VirtualBody,
    generic,
    measured_places,
    virtual_body,
)
from validation.joint_distances import joint_distances

RESULT = Path(__file__).parent / "results" / "body_sensitivity.md"
INTERVAL = 1.959964
FACTORS = (0.5, 2.0)
Row = dict[str, str | float]


@dataclass(frozen=True, slots=True)
class Belief:
    """A number that is believed, and where it stands."""

    words: str
    places: tuple[tuple[ModuleType, str], ...]


BELIEFS = (
    Belief("joint centres against landmarks", ((priors, "MODEL_SD"), (priors, "OTHER_MODEL_SD"))),
    Belief("left against right", ((priors, "SIDE_SD"),)),
    Belief("places of landmarks", ((places, "LANDMARK_SD"),)),
    Belief("places of clusters", ((places, "ACROSS_SD"), (places, "ALONG_SHARE"))),
    Belief("skin in movement", ((priors, "SKIN_SD"),)),
    Belief("markers of standing people", ((problem, "STILL_SD"),)),
    Belief("hinge axes", ((priors, "TILT_SD"),)),
    Belief("sliding of skin", ((priors, "SLIDE_SD"),)),
    Belief("ends of ranges of motion", ((problem, "BEYOND_SD"),)),
    Belief("witnesses of a trial", ((frames, "INDEPENDENT"),)),
    Belief("sureness of scales", ((scales, "SCALE_FREEDOM"),)),
    Belief("hip centres by regression", ((hips, "REGRESSION_SD"),)),
    Belief("outliers (Student's freedom)", ((problem, "FREEDOM"),)),
)


def times(value: float | Mapping[str, float], factor: float) -> float | dict[str, float]:
    """A number or all of a table as many times as large."""
    if isinstance(value, Mapping):
        return {key: factor * one for key, one in value.items()}
    return factor * value


def changed(belief: Belief, factor: float) -> ExitStack:
    """Believe so many times as much while the context lasts."""
    stack = ExitStack()
    for module, name in belief.places:
        value = times(getattr(module, name), factor)
        stack.enter_context(patch.object(module, name, value))
    return stack


def virtual_problem(body: VirtualBody, laboratory: Laboratory) -> Problem:
    """What is fitted of a virtual person, under the priors of this moment."""
    own, sex = generic(body.athlete), body.athlete.sex
    labels = laboratory.labels(body)
    parts = body_parts(own, MAP)
    at, sds = places.believed_places(own, parts, labels)
    template = Template.of(own, MAP, at)
    person = Person(sex)
    sizes = priors.size_prior(parts, body_sizes(), person, person)
    prior = priors.priors(template, sizes, sds, priors.posture_prior(own, MAP))
    chosen = faced(frames.chosen_frames(laboratory.recordings(body), at.body, 0.5), own, at)
    return Problem(template, chosen, prior, hips.HipObservation.of(template, labels, SPINES, sds))


def varied(make: Callable[[], Problem], starts: FlexionStarts) -> Iterator[tuple[str, BodyFit]]:
    """Fits under the usual priors and under each that is changed, with their words."""
    usual = body_fit(make(), flexions=starts)
    yield "as believed", usual
    for belief in BELIEFS:
        for factor in FACTORS:
            with changed(belief, factor):
                fit = body_fit(make(), flexions=starts, start=usual.state)
            yield f"{belief.words}, {'half' if factor < 1 else 'twice'}", fit


def virtual_rows(athletes: int) -> Iterator[Row]:
    """Errors of lengths of virtual people."""
    for seed in range(athletes):
        body = virtual_body(CASES[0], seed * len(CASES))
        template = measured_places(body.skeleton)
        truth = joint_distances(template, template.shape())
        for laboratory in (FULL, CLUSTERS_ALONE):
            make = partial(virtual_problem, body, laboratory)
            for words, fit in varied(make, FlexionStarts.of(make().template, MAP)):
                for one in lengths(fit):
                    error = 1e3 * (one.length - truth[one.name])
                    yield _row(words, laboratory.name, one, error)
        print(f"{seed + 1} of {athletes}", flush=True)


def study_rows(file: Path) -> Iterator[Row]:
    """Lengths of the first participant of a prepared study, less those under usual priors."""
    study = load_study(file)
    participant = study.participants[0].participant_id
    with tempfile.TemporaryDirectory() as scratch, quiet(Path(scratch) / "log"):
        model, corrections = study.model_file(participant), study.settings.model.corrections
        skeleton, *_ = generic_skeleton(model, corrections, Path(scratch))

    def make() -> Problem:
        return session_problem(study, participant, skeleton)[0](skeleton)

    usual: dict[str, float] = {}
    starts = FlexionStarts.of(make().template, study.model_map)
    for words, fit in varied(make, starts):
        for one in lengths(fit):
            usual.setdefault(one.name, one.length)
            yield _row(words, participant, one, 1e3 * (one.length - usual[one.name]))


def _row(words: str, way: str, one: LengthEstimate, error: float) -> Row:
    group = "widths" if one.name.endswith("width") else "lengths"
    return {"belief": words, "way": way, "group": group, "error": error, "sd": 1e3 * one.sd}


HEAD = """\
# What twice and half of each belief does

Written by `python -m benchmarks.body_sensitivity {command}--write` on {date}, aqbio {version}.
[What is believed](../../docs/body.md).

{athletes} virtual athletes (case "usual", not drawn from what is believed), {participants}.
Cells: RMS of the errors, mm / mean stated deviation / coverage of the 95 % interval, of lengths of
limbs and of the widths of hips and shoulders together; of a recorded person, RMS of what lengths
change, and the stated deviation. Everything else stays as it is believed; scales of body and
skin are learnt in every fit.
"""


def page(rows: pd.DataFrame, athletes: int, command: str) -> str:
    """The page of results."""
    ways = list(dict.fromkeys(rows["way"]))
    people = [way for way in ways if way not in (FULL.name, CLUSTERS_ALONE.name)]
    head = HEAD.format(
        command=command,
        date=time.strftime("%Y-%m-%d"),
        version=aqbio.__version__,
        athletes=athletes,
        participants=" and ".join(["all data and clusters alone", *people]),
    )
    groups = list(dict.fromkeys(rows["group"]))
    columns = [(way, group) for way in ways for group in groups]
    lines = ["| belief | " + " | ".join(f"{way}: {group}" for way, group in columns) + " |"]
    lines.append("| --- |" + " --- |" * len(columns))
    for words, some in rows.groupby("belief", sort=False):
        cells = [_cell(some[(some["way"] == w) & (some["group"] == g)]) for w, g in columns]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join([head, *lines]) + "\n"


def _cell(rows: pd.DataFrame) -> str:
    error, sd = rows["error"].to_numpy(), rows["sd"].to_numpy()
    found = f"{np.sqrt((error**2).mean()):.1f} / {sd.mean():.1f}"
    if rows["way"].iloc[0] not in (FULL.name, CLUSTERS_ALONE.name):
        return found
    return f"{found} / {(np.abs(error) < INTERVAL * sd).mean():.2f}"


def main() -> None:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--athletes", type=int, default=8, help="virtual people")
    parser.add_argument("--study", type=Path, help="study.yaml of a prepared study")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    rows = list(virtual_rows(asked.athletes))
    command = f"--athletes {asked.athletes} "
    if asked.study is not None:
        rows += study_rows(asked.study)
        command += "--study STUDY "
    text = page(pd.DataFrame(rows), asked.athletes, command)
    print(text)
    if asked.write:
        write_text(RESULT, text)


if __name__ == "__main__":
    main()
