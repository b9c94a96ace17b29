"""Studies that are larger than the demo: athletes and runs of it under further names."""

from __future__ import annotations

import json
import shutil
from itertools import cycle
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd
import yaml

from aqbio.io.columnar import WORDS
from aqbio.io.study import Study, load_study
from aqbio.io.tables import MISSING
from aqbio.records.seals import FILES, KEY, SEAL, read_record, seal

OWN = ("steps", "evidence")
"""Folders whose tables name the participant, as those do that are called after it; the other files
are linked."""

VARIED = 0.05
"""How far athletes' numbers of steps are apart, and those of one athlete, as shares of them."""


def repeated_study(study: Study, athletes: int, folder: Path) -> Path:
    """A study of many athletes, made of the results of a few; its study.yaml."""
    names = [f"A{number:03d}" for number in range(athletes)]
    originals = [one.participant_id for one in study.participants]
    pairs = list(zip(names, cycle(originals), strict=False))
    people, trials = _sheets(study)
    file = _written(
        study,
        folder,
        pd.concat(people[people["participant_id"] == o].assign(participant_id=n) for n, o in pairs),
        pd.concat(trials[trials["participant_id"] == o].assign(participant_id=n) for n, o in pairs),
    )
    root = load_study(file).root
    for name, original in pairs:
        _repeat(study.root / "participants" / original, root / "participants" / name)
        _seal(root / "participants" / name)
    return file


def _sheets(study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = study.file.parent
    people, trials = (
        pd.read_csv(folder / f"{name}.tsv", sep="\t", dtype=str, keep_default_na=False)
        for name in ("participants", "trials")
    )
    return people, trials


def _written(study: Study, folder: Path, people: pd.DataFrame, trials: pd.DataFrame) -> Path:
    folder.mkdir(parents=True)
    settings = yaml.safe_load(study.file.read_text(encoding="utf-8"))
    data = study.file.parent / settings.get("files", {}).get("data", ".")
    settings["files"] = settings.get("files", {}) | {"data": str(data.absolute())}
    settings["results"] = str(folder.absolute() / "results")
    for name, table in (("participants", people), ("trials", trials)):
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep=MISSING)
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def _repeat(source: Path, target: Path) -> None:
    """One participant's results under another name."""
    target.mkdir(parents=True)
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        parts = (part.replace(source.name, target.name) for part in path.relative_to(source).parts)
        place = target.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.parent == source:
            text = path.read_text(encoding="utf-8").replace(source.name, target.name)
            place.write_text(text, encoding="utf-8")
        elif path.suffix == ".nc" and (path.parent.name in OWN or source.name in path.name):
            shutil.copyfile(path, place)
            _rename(place, target.name)
            if path.parent.name == "evidence" and path.stem == "steps":
                _vary(place, target.name)
        else:
            place.symlink_to(path.absolute())


def _rename(path: Path, participant_id: str) -> None:
    """Put another participant into a table of one."""
    with netCDF4.Dataset(path, "a") as data:
        if "participant_id" not in data.variables:
            return
        variable = data["participant_id"]
        if WORDS in variable.ncattrs():
            variable.setncattr(WORDS, json.dumps([participant_id]))
        elif variable.dtype is str:
            variable[:] = np.full(variable.shape, participant_id, dtype=object)
        else:  # letters: the names of the original may be shorter
            data.renameVariable("participant_id", "was")
            letters = data.createDimension("letters", len(participant_id))
            own = data.createVariable("participant_id", "S1", (variable.dimensions[0], letters))
            own.setncattr("_Encoding", "utf-8")
            own[:] = np.tile(np.array(list(participant_id), "S1"), (len(variable), 1))


def _vary(path: Path, participant_id: str) -> None:
    """Make an athlete's numbers differ from everybody's.

    Between athletes who are the same there is no variance, which mixed models search for longest.
    """
    random = np.random.default_rng([ord(letter) for letter in participant_id])
    with netCDF4.Dataset(path, "a") as data:
        for variable in data.variables.values():
            if variable.dtype == np.float64:
                own, steps = random.standard_normal(), random.standard_normal(len(variable))
                variable[:] = variable[:] * (1.0 + VARIED * (own + steps))


def many_trials(study: Study, count: int, people: int, folder: Path) -> Path:
    """A study of the first athletes with their runs repeated; its study.yaml."""
    athletes, trials = _sheets(study)
    names = athletes["participant_id"].iloc[:people]
    parts = []
    for who in names:
        own = trials[trials["participant_id"] == who]
        static, runs = own[own["task"] == "static"], own[own["task"] != "static"]
        more = pd.concat([runs] * (-(-count // len(runs)))).head(count)
        parts += [static, more.assign(trial_id=[f"run-{number:02d}" for number in range(count)])]
    return _written(
        study, folder, athletes[athletes["participant_id"].isin(names)], pd.concat(parts)
    )


def _seal(folder: Path) -> None:
    """Give records the hashes of files that were changed on purpose."""
    for record in folder.glob("*.json"):
        content = read_record(record)
        if SEAL in content:
            seal(record, str(content[KEY]), (folder / name for name in content[FILES]))
