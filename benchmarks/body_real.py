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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import aqbio
from aqbio.io.atomic import write_text
from aqbio.io.netcdf import read_dataset, write_dataset
from aqbio.io.study import Study, load_study
from aqbio.stages.new import new_study_from
from aqbio.stages.prepare import prepare_participant
from aqbio.stages.scale import scale_participant
from aqbio.stages.solve import solve_participant

RESULT = Path(__file__).parent / "results" / "body_real.md"
OWN = Path(__file__).parents[1] / "tests" / "real"
PARTS = ("thigh", "shank", "foot", "upper_arm")
KNEES = ("knee_angle_r", "knee_angle_l")
MOVED_M = 0.04


def _quietly(_: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Variant:
    """What the calibration gets of a session.

    Attributes
    ----------
    name : str
    without : tuple of str
        Trials that it does not get.
    hidden : tuple of str
        Labels that it does not get.
    exchanged : tuple of two str, or empty
        Labels that have changed their names in all moving trials.
    moved : str
        Label that sits 40 mm farther down in the static trial; empty for none.
    """

    name: str
    without: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    exchanged: tuple[str, ...] = ()
    moved: str = ""

    def altered(self, trial: xr.Dataset, *, still: bool) -> xr.Dataset:
        """Give a prepared trial as the calibration shall see it."""
        kept = [name for name in trial["marker"].values if name not in self.hidden]
        trial = trial.sel(marker=kept)
        if self.exchanged and not still:
            one, other = self.exchanged
            names = {one: other, other: one}
            labels = [names.get(name, name) for name in trial["marker"].values]
            trial = trial.assign_coords(marker=labels)
        if self.moved in trial["marker"].values and still:
            down = np.where(trial["axis"] == "y", -MOVED_M, 0.0)
            own = trial["marker"] == self.moved
            trial["marker_raw"] = trial["marker_raw"] + own * xr.DataArray(down, dims="axis")
        return trial


@dataclass(frozen=True)
class Session:
    """A recorded session and what is calibrated of it.

    Attributes
    ----------
    name : str
    make : function of a folder and the data's folder
        Writes the study; gives its file.
    variants : tuple of Variant
    landmarks : dict
        Labels of both sides of the knee and of the ankle, right then left, of the static trial.
    """

    name: str
    make: Callable[[Path, Path], Path]
    variants: tuple[Variant, ...] = (Variant("all data"),)
    landmarks: dict[str, tuple[tuple[str, str], tuple[str, str]]] = field(default_factory=dict)


def committed(folder: str) -> Callable[[Path, Path], Path]:
    """Give the study that the tests hold for a session."""

    def make(place: Path, _: Path) -> Path:
        shutil.copytree(OWN / folder, place)
        return place / "study.yaml"

    return make


def proposed(data_folder: str, filled: dict[str, dict[str, str]]) -> Callable[[Path, Path], Path]:
    """Give the study that `aqbio new --from` proposes, with what a person fills in.

    Parameters
    ----------
    data_folder : str
    filled : dict
        By file: text to replace, and by what.
    """

    def make(place: Path, data: Path) -> Path:
        new_study_from(place, data / data_folder, None, _quietly)
        for name, changes in filled.items():
            text = (place / name).read_text(encoding="utf-8")
            for before, after in changes.items():
                text = text.replace(before, after)
            (place / name).write_text(text, encoding="utf-8")
        return place / "study.yaml"

    return make


JA1_LANDMARKS = ("LEPI", "MEPI", "LMAL", "MMAL")
JA1_CLUSTERS = Variant(
    "no static, clusters only", ("static",), tuple(s + n for s in "RL" for n in JA1_LANDMARKS)
)
LEFT_LEG = (
    "LTHAP", "LTHAD", "LTHLP", "LTHLD", "LLEPI", "LMEPI", "LTIAP", "LTIAD", "LTILAT", "LLMAL",
    "LMMAL", "LHEEL", "LMFS", "LMFL", "LP1MT", "LP5MT", "LTOE",
)  # fmt: skip
JA1 = (
    Variant("all data"),
    Variant("no static", ("static",)),
    JA1_CLUSTERS,
    Variant("without the sprint", ("sprint",)),
    Variant("one leg", hidden=LEFT_LEG),
    Variant("thigh labels exchanged across sides in movement", exchanged=("RTHAP", "LTHAP")),
    Variant("thigh labels exchanged on one side in movement", exchanged=("RTHAP", "RTHLD")),
    Variant("epicondyle 40 mm lower in the static trial", moved="RLEPI"),
    Variant("thigh marker 40 mm lower in the static trial", moved="RTHLD"),
)
JA1_PLACES = {
    side: ((f"{side[0].upper()}LEPI", f"{side[0].upper()}MEPI"),
           (f"{side[0].upper()}LMAL", f"{side[0].upper()}MMAL"))
    for side in ("right", "left")
}  # fmt: skip
MALE = {"participants.tsv": {"S01\tn/a": "S01\tmale"}}
SESSIONS = (
    Session("JA1, Rajagopal's model", committed("ja1"), JA1, JA1_PLACES),
    Session("JA1, our model", committed("ja1_sprint"), landmarks=JA1_PLACES),
    Session("Rajagopal run", committed("rajagopal_run")),
    Session("Rajagopal walk", proposed("rajagopal2016/walk", MALE)),
    Session("hamner_subject04", proposed("hamner_subject04", MALE)),
    Session("hamner_subject02", proposed("hamner_subject02", MALE)),
    Session(
        "pyorerun",
        proposed(
            "pyorerun",
            {
                "participants.tsv": {"S01\tn/a\tn/a": "S01\tmale\t70", "S01\tn/a": "S01\tmale"},
                "markers.yaml": {
                    "  right_psis:  ": "  right_psis: RBackAsis  ",
                    "  left_psis:  ": "  left_psis: LBackAsis  ",
                },
            },
        ),
    ),
)


def measured(session: Session, scratch: Path, data: Path) -> Iterator[dict[str, Any]]:
    """Prepare a session once, and give what each of its variants found."""
    file = session.make(scratch / "base", data)
    _write_results(file, scratch / "base" / "results")
    study = load_study(file)
    [person] = study.participants
    prepare_participant(study, person.participant_id, _quietly)
    for number, variant in enumerate(session.variants):
        place = scratch / f"variant{number}"
        shutil.copytree(scratch / "base", place)
        _write_results(place / "study.yaml", place / "results")
        yield {"session": session.name, "variant": variant.name} | _found(
            load_study(place / "study.yaml"), person.participant_id, variant, session
        )


def _write_results(file: Path, results: Path) -> None:
    lines = [
        line
        for line in file.read_text(encoding="utf-8").splitlines()
        if not line.startswith("results:")
    ]
    file.write_text("\n".join([*lines, f"results: {results.as_posix()}\n"]), encoding="utf-8")


def _found(study: Study, person: str, variant: Variant, session: Session) -> dict[str, Any]:
    """Calibrate from what the variant shows; solve everything on the body."""
    folder = study.folder(person, "prepare")
    kept = folder.with_name("prepared_whole")
    shutil.copytree(folder, kept)
    static = study.static_of(person)
    manifest = study.manifest(person, "prepare")
    whole_manifest = manifest.read_text(encoding="utf-8")
    told = json.loads(whole_manifest)
    told["trials"] = [one for one in told["trials"] if one["trial_id"] not in variant.without]
    manifest.write_text(json.dumps(told), encoding="utf-8")
    for one in told["trials"]:
        file = folder / f"{one['trial_id']}.nc"
        if file.is_file():
            still = static is not None and one["trial_id"] == static.trial_id
            whole = read_dataset(file)
            write_dataset(variant.altered(whole, still=still), file, whole.attrs)
    start = time.process_time()
    scale_participant(study, person, _quietly)
    seconds = time.process_time() - start
    shutil.rmtree(folder)
    kept.rename(folder)
    manifest.write_text(whole_manifest, encoding="utf-8")
    solve_participant(study, person, _quietly)
    return {"seconds": seconds, "without": variant.without} | _told(study, person, session)


def _told(study: Study, person: str, session: Session) -> dict[str, Any]:
    scale = study.read_manifest(person, "scale")
    solved = study.read_manifest(person, "solve")
    trials = [one for one in solved["trials"] if one["status"] == "ok"]
    return {
        "lengths": scale["lengths_m"],
        "lost": sorted(scale["lost"]),
        "findings": sorted({f"{one['rule']}: {one['what']}" for one in scale["findings"]}),
        "marker_rms_m": {one["trial_id"]: one["marker_rms_m"] for one in trials},
        "knees": {one["trial_id"]: _knees(study, person, one["trial_id"]) for one in trials},
        "landmarks": dict(_landmark_distances(study, person, session)),
    }


def _knees(study: Study, person: str, trial: str) -> list[float]:
    """Mean and least flexion of right and left knee, degrees."""
    q = np.degrees(read_dataset(study.folder(person, "solve") / f"{trial}.nc")["q"])
    curves = [q.sel(coordinate=name).values for name in KNEES]
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
body has not seen the trial. Knees: mean flexion right / left, and the least of both, degrees. CPU
seconds are of the whole stage `scale`, OpenSim's reading and writing of the model included, while
other programs ran.
"""


def page(rows: list[dict[str, Any]]) -> str:
    """Give the page of results."""
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
    yield "\n| what is seen | knees | lost | what is said |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        knees = "; ".join(_knee_words(trial, row) for trial in row["knees"])
        said = "; ".join(row["findings"]) or "nothing"
        yield f"| {row['variant']} | {knees} | {', '.join(row['lost']) or 'nothing'} | {said} |"


def _knee_words(trial: str, row: dict[str, Any]) -> str:
    right, left, *least = row["knees"][trial]
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
    parser.add_argument("--write", action="store_true", help="write benchmarks/results")
    asked, rows = parser.parse_args(), []
    for session in SESSIONS:
        if session.name.startswith(asked.session):
            with tempfile.TemporaryDirectory(prefix="bodies-") as scratch:
                rows += measured(session, Path(scratch), Path(os.environ["AQBIO_REALDATA"]))
    print(page(rows))
    if asked.write:
        write_text(RESULT, page(rows))


if __name__ == "__main__":
    main()
