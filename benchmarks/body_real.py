"""Bodies of recorded people: ``python -m benchmarks.body_real --write`` (needs AQBIO_REALDATA).

Each session is prepared once. Then its body is calibrated from all of it and from less (or worse)
of it, by the product's own stages on altered copies of what was prepared, and every trial is solved
on the body that was found: also those that the body has not seen.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import aqbio
from aqbio.body.calibration import calibrated
from aqbio.body.fit import BodyFit
from aqbio.body.stage import scale_participant
from aqbio.inverse_kinematics.stage import inverse_kinematics_participant
from aqbio.io.atomic import write_text
from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.io.study import Study, load_study
from aqbio.recordings.stage import prepare_participant
from benchmarks.body_sessions import SESSIONS, Session, Variant, quietly
from benchmarks.resealed import resealed

RESULT = Path(__file__).parent / "results" / "body_real.md"
PARTS = ("thigh", "shank", "foot", "upper_arm")
NOTHING: dict[str, Any] = {
    "lengths": {}, "lost": [], "marker_rms_m": {}, "knees": {}, "elbows": {}, "landmarks": {},
}  # fmt: skip
"""Of a body that could not be made."""
OF_THE_MODEL = ("model-", "corrected-")
"""Findings about the generic model, which are the same for everybody."""
KNEES, ELBOWS = ("knee_angle_r", "knee_angle_l"), ("elbow_flex_r", "elbow_flex_l")


def prepared(session: Session, folder: Path, data: Path) -> Study:
    """Write a session's study into a folder and prepare its recordings."""
    file = session.make(folder, data)
    _write_results(file, folder / "results")
    study = load_study(file)
    [person] = study.participants
    prepare_participant(study, person.participant_id, quietly)
    return study


def altered_copy(study: Study, variant: Variant, folder: Path) -> Study:
    """Copy a prepared study, its recordings as a variant shows them."""
    shutil.copytree(study.file.parent, folder)
    _write_results(folder / "study.yaml", folder / "results")
    copy = load_study(folder / "study.yaml")
    [person] = copy.participants
    _alter(copy, person.participant_id, variant)
    return copy


def calibrated_body(study: Study, variant: Variant, folder: Path) -> BodyFit:
    """Calibrate a body from what a variant shows, without writing a model."""
    from aqbio.opensim.calibrated import generic_skeleton
    from aqbio.opensim.session import quiet

    copy = altered_copy(study, variant, folder)
    [person] = copy.participants
    with quiet(level="Off"):
        file, corrections = copy.model_file(person.participant_id), copy.settings.model.corrections
        generic = generic_skeleton(file, corrections, folder)[0]
    return calibrated(copy, person.participant_id, generic).fit


def measured(session: Session, scratch: Path, data: Path) -> Iterator[dict[str, Any]]:
    """Prepare a session once, and give what each of its variants found."""
    study = prepared(session, scratch / "base", data)
    for number, variant in enumerate(session.variants):
        yield {"session": session.name, "variant": variant.name} | _found(
            study, variant, scratch / f"variant{number}", session
        )


def _write_results(file: Path, results: Path) -> None:
    lines = [
        line
        for line in file.read_text(encoding="utf-8").splitlines()
        if not line.startswith("results:")
    ]
    file.write_text("\n".join([*lines, f"results: {results.as_posix()}\n"]), encoding="utf-8")


def _alter(study: Study, person: str, variant: Variant) -> None:
    """Hide and change what a variant hides and changes of what was prepared."""
    static, manifest = study.static_of(person), study.manifest(person, "prepare")
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told["trials"] = [one for one in told["trials"] if one["trial_id"] not in variant.without]
    manifest.write_text(json.dumps(told), encoding="utf-8")
    for one in told["trials"]:
        file = study.folder(person, "prepare") / f"{one['trial_id']}.nc"
        if file.is_file():
            still = static is not None and one["trial_id"] == static.trial_id
            whole = read_dataset(file)
            write_dataset(variant.altered(whole, still=still), file, whole.attrs)
    resealed(manifest)


def _found(base: Study, variant: Variant, folder: Path, session: Session) -> dict[str, Any]:
    """Calibrate from what the variant shows; solve all that was recorded on the body."""
    study = altered_copy(base, variant, folder)
    [person] = study.participants
    name = person.participant_id
    start = time.process_time()
    scale_participant(study, name, quietly)
    seconds = time.process_time() - start
    shutil.copytree(base.folder(name, "prepare"), study.folder(name, "prepare"), dirs_exist_ok=True)
    shutil.copy(base.manifest(name, "prepare"), study.manifest(name, "prepare"))
    inverse_kinematics_participant(study, name, quietly)
    return {"seconds": seconds, "without": variant.without} | _told(study, name, session)


def _told(study: Study, person: str, session: Session) -> dict[str, Any]:
    scale = study.read_manifest(person, "scale")
    solved = study.read_manifest(person, "inverse_kinematics")
    trials = [one for one in solved["trials"] if one["status"] == "ok"]
    return {
        "lengths": scale["lengths_m"],
        "lost": sorted(scale["lost"]),
        "findings": sorted(
            f"{one['rule']}: {one['what']}"
            for one in scale["findings"]
            if not one["rule"].startswith(OF_THE_MODEL)
        ),
        "marker_rms_m": {one["trial_id"]: one["marker_rms_m"] for one in trials},
        **{
            joint: {
                one["trial_id"]: _bends(study, person, one["trial_id"], names) for one in trials
            }
            for joint, names in (("knees", KNEES), ("elbows", ELBOWS))
        },
        "landmarks": dict(_landmark_distances(study, person, session)),
    }


def _bends(study: Study, person: str, trial: str, names: tuple[str, ...]) -> list[float]:
    """Mean and least flexion of a right and left joint, degrees."""
    q = read_dataset(study.folder(person, "inverse_kinematics") / f"{trial}.nc")["q"]
    curves = [np.degrees(q.sel(coordinate=name).values) for name in names]
    return [float(f(one)) for f in (np.nanmean, np.nanmin) for one in curves]


def _landmark_distances(study: Study, person: str, session: Session) -> Iterator[tuple[str, float]]:
    """Middle of the epicondyles to the middle of the malleoli in the static trial, m."""
    for side, ends in session.landmarks.items():
        static = study.static_of(person)
        assert static is not None
        place = read_dataset(study.folder(person, "prepare") / f"{static.trial_id}.nc")
        mean = place["marker_raw"].mean("time")
        knee, ankle = (mean.sel(marker=list(pair)).mean("marker").values for pair in ends)
        yield f"shank_{side}", float(np.linalg.norm(knee - ankle))


HEAD = """\
# Bodies of recorded people

Written by `python -m benchmarks.body_real --write` on {date}, aqbio {version}.
[What is believed](../../docs/body.md).

Lengths from joint to joint, mm, right and left, ± standard deviation; in brackets (shank) the
middle of the epicondyles to the middle of the malleoli in the static trial, which is 5 mm shorter
by the models' definition. Marker RMS of the stage `solve` on the body, mm; *held out* where the
body has not seen the trial. Knees and elbows: mean flexion right / left, and the least of both,
degrees. CPU seconds are of the whole stage `scale`, OpenSim's reading and writing of the model
included, while other programs ran.
"""


def page(rows: list[dict[str, Any]]) -> str:
    """The page of results."""
    head = HEAD.format(date=time.strftime("%Y-%m-%d"), version=aqbio.__version__)
    lines = [head]
    for name in dict.fromkeys(row["session"] for row in rows):
        lines += _session_lines([row for row in rows if row["session"] == name], name)
    return "\n".join(lines) + "\n"


def _session_lines(rows: list[dict[str, Any]], name: str) -> Iterator[str]:
    yield f"\n## {name}\n"
    yield "| what is seen | " + " | ".join(PARTS).replace("_", " ") + " | widths | marker RMS | s |"
    yield "| --- |" + " --- |" * (len(PARTS) + 3)
    for row in rows:
        cells = [_pair(row, part) for part in PARTS]
        widths = [_one(row, width) for width in ("hip_width", "shoulder_width")]
        rms = ", ".join(
            f"{trial} {1e3 * value:.1f}{' held out' * (trial in row['without'])}"
            for trial, value in row["marker_rms_m"].items()
        )
        cells += [", ".join(widths), rms, f"{row['seconds']:.1f}"]
        yield f"| {row['variant']} | " + " | ".join(cells) + " |"
    yield "\n| what is seen | knees | elbows | lost | what is said |"
    yield "| --- | --- | --- | --- | --- |"
    for row in rows:
        bends = " | ".join(
            "; ".join(_bend_words(trial, *row[joint][trial]) for trial in row[joint])
            for joint in ("knees", "elbows")
        )
        said = "; ".join(row["findings"]) or "nothing"
        yield f"| {row['variant']} | {bends} | {', '.join(row['lost']) or 'nothing'} | {said} |"


def _bend_words(trial: str, right: float, left: float, *least: float) -> str:
    return f"{trial} {right:.0f}/{left:.0f}, {min(least):.0f}"


def _pair(row: dict[str, Any], part: str) -> str:
    known = [f"{part}_{side}" for side in ("right", "left")]
    seen = [row["landmarks"].get(name) for name in known if name in row["landmarks"]]
    direct = f" ({', '.join(f'{1e3 * one:.0f}' for one in seen)})" if seen else ""
    return ", ".join(_one(row, name) for name in known) + direct


def _one(row: dict[str, Any], name: str) -> str:
    if name not in row["lengths"]:
        return "-"
    length, sd = row["lengths"][name]
    return f"{1e3 * length:.0f} ± {1e3 * sd:.1f}"


def main() -> None:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--session", default="", help="only sessions that are called so")
    parser.add_argument("--rows", type=Path, default=Path("body_real.json"), help="kept as found")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked = parser.parse_args()
    text = asked.rows.read_text(encoding="utf-8") if asked.rows.is_file() else "[]"
    rows: list[dict[str, Any]] = json.loads(text)
    have = {row["session"] for row in rows}
    for session in SESSIONS:
        if session.name.startswith(asked.session) and session.name not in have:
            with tempfile.TemporaryDirectory(prefix="bodies-") as scratch:
                data = Path(os.environ["AQBIO_REALDATA"])
                rows += measured(session, Path(scratch), data)
                write_text(asked.rows, json.dumps(rows, indent=1))
    print(page(rows))
    if asked.write:
        write_text(RESULT, page(rows))


if __name__ == "__main__":
    main()
