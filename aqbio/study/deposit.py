"""Metadata that repositories and other programs read: Data Package, RO-Crate, BIDS motion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import aqbio
from aqbio.config import Trial
from aqbio.errors import AqbioError
from aqbio.io.atomic import write_text
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.io.tables import MISSING, read_table
from aqbio.study.seals import as_json, read_record

PACKAGE = "datapackage.json"
CRATE = "ro-crate-metadata.json"
KINDS = {"f": "number", "i": "integer", "b": "boolean"}
"""Types of Table Schema by NumPy's kinds; everything else is text."""

MEDIA = {
    ".tsv": "text/tab-separated-values", ".json": "application/json", ".svg": "image/svg+xml",
    ".pdf": "application/pdf", ".png": "image/png",
}  # fmt: skip


def write_data_package(study: Study) -> None:
    """Describe the study's tables beside them as a Data Package: types, units, missing values."""
    folder = study.table(PACKAGE).parent
    resources = [
        {
            "name": path.stem,
            "path": path.name,
            "profile": "tabular-data-resource",
            "format": "tsv",
            "mediatype": MEDIA[".tsv"],
            "encoding": "utf-8",
            "dialect": {"delimiter": "\t"},
            "schema": {"fields": _fields(path), "missingValues": [MISSING, ""]},
        }
        for path in sorted(folder.glob("*.tsv"))
    ]
    package = {
        "name": re.sub(r"[^a-z0-9._-]+", "-", study.settings.name.lower()),
        "title": _title(study),
        "profile": "tabular-data-package",
        "resources": resources,
    }
    write_text(folder / PACKAGE, as_json(package))


def _fields(path: Path) -> list[dict[str, str]]:
    """Columns of a table with the words of its sidecar and the types of its cells."""
    table, columns = read_table(path), read_record(path.with_suffix(".json"))["columns"]
    return [
        {"name": name, "type": KINDS.get(table[name].dtype.kind, "string"), **columns[name]}
        for name in table.columns
    ]


def _title(study: Study) -> str:
    return study.settings.report.title or study.settings.name


def crate(study: Study, names: Iterable[str], recorded: str) -> dict[str, Any]:
    """RO-Crate 1.1 of an archive's files; ``recorded`` is when the data were first read."""
    parts = [
        {"@id": name, "@type": "File", "name": name, "encodingFormat": MEDIA[Path(name).suffix]}
        for name in names
    ]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": _title(study),
        "description": "Contributions of push side and swing side to the rotation of sprinters: "
        "tables, figures, records and settings of one study, without recordings.",
        "datePublished": recorded,
        "creditText": study.settings.report.authors,
        "license": {"@id": "#licence"},
        "hasPart": [{"@id": one["@id"]} for one in parts],
        "mentions": {"@id": "#run"},
    }
    about: dict[str, Any] = {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}}
    about["conformsTo"] = {"@id": "https://w3id.org/ro/crate/1.1"}
    licence: dict[str, Any] = {
        "@id": "#licence",
        "@type": "CreativeWork",
        "name": "No licence is stated",
    }
    licence["description"] = "Whoever publishes the archive states it here."
    software = {"@id": "#aqbio", "@type": "SoftwareApplication", "name": "aqbio"}
    run: dict[str, Any] = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "aqbio run",
        "endTime": recorded,
    }
    run |= {"instrument": {"@id": "#aqbio"}, "result": {"@id": "./"}}
    graph = [about, root, licence, software | {"softwareVersion": aqbio.__version__}, run, *parts]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}


TRACKING = "markers"
BIDS_VERSION = "1.10.0"


def write_bids(study: Study, folder: Path) -> int:
    """Write prepared markers of all trials as BIDS motion (raw); gives the number of recordings.

    Ground axes (x forward, y up, z right), m, missing positions n/a, as stage prepare left them.
    """
    about: dict[str, Any] = {
        "Name": _title(study),
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
    }
    about |= {"Authors": [study.settings.report.authors]} if study.settings.report.authors else {}
    _write_json(folder / "dataset_description.json", about)
    write_text(folder / "README", f"{_title(study)}: markers in ground axes, written by aqbio.\n")
    people = {one.participant_id: _label("sub", one.participant_id) for one in study.participants}
    _refuse_alike(people)
    rows = ["participant_id\tsex\theight\tweight"]
    for one in study.participants:
        cells = (people[one.participant_id], one.sex, one.height_m, one.mass_kg)
        rows.append("\t".join(MISSING if cell is None else str(cell) for cell in cells))
    write_text(folder / "participants.tsv", "\n".join(rows) + "\n")
    units = {"height": {"Units": "m"}, "weight": {"Units": "kg"}}
    _write_json(folder / "participants.json", units)
    count = 0
    for who, label in people.items():
        tasks = {one.trial_id: _label("task", one.trial_id) for one in study.trials_of(who)}
        _refuse_alike(tasks)
        for trial in study.trials_of(who):
            file = study.folder(who, "prepare") / f"{trial.trial_id}.nc"
            if file.is_file():
                stem = f"{label}_{tasks[trial.trial_id]}_tracksys-{TRACKING}"
                _write_motion(file, trial, folder / label / "motion" / stem)
                count += 1
    return count


def _write_motion(file: Path, trial: Trial, stem: Path) -> None:
    """Positions, channels and description of one recording."""
    data = read_dataset(file, keep=False)
    markers, axes = (data[name].values.tolist() for name in ("marker", "axis"))
    values = data["marker_raw"].transpose("time", "marker", "axis").values
    lines = (
        "\t".join(MISSING if cell != cell else f"{cell:.6f}" for cell in row)
        for row in values.reshape(len(values), -1).tolist()
    )
    write_text(stem.with_name(f"{stem.name}_motion.tsv"), "\n".join(lines) + "\n")
    channels = ["name\tcomponent\ttype\ttracked_point\tunits"]
    channels += [f"{one}_{axis}\t{axis}\tPOS\t{one}\tm" for one in markers for axis in axes]
    write_text(stem.with_name(f"{stem.name}_channels.tsv"), "\n".join(channels) + "\n")
    description = {
        "TaskName": _label("task", trial.trial_id).removeprefix("task-"),
        "TaskDescription": f"{trial.task}, condition {trial.condition}",
        "SamplingFrequency": float(data.attrs["marker_rate"]),
        "TrackingSystemName": TRACKING,
        "TrackedPointsCount": len(markers),
        "MotionChannelCount": len(channels) - 1,
        "POSChannelCount": len(channels) - 1,
        "RecordingDuration": float(np.ptp(data["time"].values)),
        "MissingValues": MISSING,
        "SpatialAxes": "x forward, y up, z right",
    }
    _write_json(stem.with_name(f"{stem.name}_motion.json"), description)


def _label(entity: str, name: str) -> str:
    """An entity of BIDS: letters and digits only."""
    return f"{entity}-{re.sub(r'[^A-Za-z0-9]', '', name)}"


def _refuse_alike(labels: dict[str, str]) -> None:
    """Refuse names that become one without what BIDS does not allow."""
    for name, label in labels.items():
        if alike := [one for one, own in labels.items() if own == label and one != name]:
            raise AqbioError(
                f"{name} and {alike[0]} are both {label} in BIDS, which knows letters and digits.",
                fix="give one of them another id.",
                rule="bids-names",
            )


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
