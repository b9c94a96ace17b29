"""Metadata that repositories and other programs read: Data Package, RO-Crate, BIDS motion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import Trial
from aqbio.errors import AqbioError
from aqbio.io.atomic import write_text
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.io.tables import MISSING, read_table
from aqbio.names import AXES
from aqbio.study.jobs import as_json, read_record
from aqbio.version import __version__

PACKAGE = "datapackage.json"
CRATE = "ro-crate-metadata.json"
SCHEMA_TYPES = {"f": "number", "i": "integer", "b": "boolean"}
"""Types of Table Schema by NumPy's kinds; everything else is text."""


def write_data_package(study: Study, tables: Mapping[str, pd.DataFrame] | None = None) -> None:
    """Describe the study's tables in a Data Package next to them: types, units, missing values.

    ``tables``: those that were read already, by name.
    """
    tables = tables or {}
    folder = study.table(PACKAGE).parent
    resources = [
        {
            "name": path.stem,
            "path": path.name,
            "profile": "tabular-data-resource",
            "format": "tsv",
            "mediatype": "text/tab-separated-values",
            "encoding": "utf-8",
            "dialect": {"delimiter": "\t"},
            "schema": {
                "fields": _fields(path, tables.get(path.stem)),
                "missingValues": [MISSING, ""],
            },
        }
        for path in sorted(folder.glob("*.tsv"))
        if path.with_suffix(".json").is_file()
    ]
    package = {
        "name": re.sub(r"[^a-z0-9._-]+", "-", study.settings.name.lower()),
        "title": _title(study),
        "profile": "tabular-data-package",
        "resources": resources,
    }
    write_text(folder / PACKAGE, as_json(package))


def _fields(path: Path, table: pd.DataFrame | None) -> list[dict[str, str]]:
    """Columns of a table with the words of its sidecar and the types of its cells."""
    table = read_table(path) if table is None else table
    columns = read_record(path.with_suffix(".json"))["columns"]
    return [
        {"name": name, "type": SCHEMA_TYPES.get(table[name].dtype.kind, "string"), **columns[name]}
        for name in table.columns
    ]


def _title(study: Study) -> str:
    return study.settings.report.title or study.settings.name


def crate(study: Study, names: Iterable[str], recorded: str) -> dict[str, Any]:
    """RO-Crate 1.1 of an archive's files; ``recorded`` is when the data were first read."""
    parts = [
        {"@id": name, "@type": "File", "name": name, "encodingFormat": guess_type(name)[0]}
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
        "hasPart": [{"@id": part["@id"]} for part in parts],
        "mentions": {"@id": "#run"},
    }
    about: dict[str, Any] = {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}}
    about["conformsTo"] = {"@id": "https://w3id.org/ro/crate/1.1"}
    licence = {"@id": "#licence", "@type": "CreativeWork", "name": "No licence is stated yet"}
    software = {"@id": "#aqbio", "@type": "SoftwareApplication", "name": "aqbio"}
    run: dict[str, Any] = {"@id": "#run", "@type": "CreateAction", "name": "aqbio run"}
    run |= {"endTime": recorded, "instrument": {"@id": "#aqbio"}, "result": {"@id": "./"}}
    graph = [about, root, licence, software | {"softwareVersion": __version__}, run, *parts]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}


MARKERS = "markers"
PLATES = "plates"
"""Tracking systems of an export: BIDS motion has one sampling rate per system."""


def write_bids(study: Study, folder: Path) -> int:
    """Write markers and plates of all trials as BIDS motion (raw); gives the number of recordings.

    Ground axes (x forward, y up, z right), as stage prepare left them; n/a: missing. Positions in
    m; forces in N and moments in N m about each plate's point, on the runner.
    """
    about: dict[str, Any] = {"Name": _title(study), "BIDSVersion": "1.10.0", "DatasetType": "raw"}
    about |= {"Authors": [study.settings.report.authors]} if study.settings.report.authors else {}
    write_text(folder / "dataset_description.json", as_json(about))
    people = _labels("sub", (participant.participant_id for participant in study.participants))
    count = 0
    for participant_id, label in people.items():
        tasks = _labels("task", (trial.trial_id for trial in study.trials_of(participant_id)))
        for trial in study.trials_of(participant_id):
            file = study.folder(participant_id, "prepare") / f"{trial.trial_id}.nc"
            if file.is_file():
                data = read_dataset(file, keep=False)
                stem = f"{folder / label / 'motion' / label}_{tasks[trial.trial_id]}"
                markers = [(name, "POS", name, "m") for name in data["marker"].values.tolist()]
                _write_motion(stem, MARKERS, trial, data[["marker_raw"]], markers)
                plates = [f"plate{plate}" for plate in data["plate"].values.tolist()]
                loads = [(f"{plate}_force", "MISC", plate, "N") for plate in plates]
                loads += [(f"{plate}_moment", "MISC", plate, "N m") for plate in plates]
                if plates:
                    raw_loads = data[["plate_force_raw", "plate_moment_raw"]]
                    _write_motion(stem, PLATES, trial, raw_loads, loads)
                count += 1
    return count


def _write_motion(
    stem: str,
    tracking: str,
    trial: Trial,
    data: xr.Dataset,
    vectors: Sequence[tuple[str, str, str, str]],
) -> None:
    """Samples, channels and description of one system; vectors: name, type, point and unit."""
    values = np.concatenate(
        [variable.values.reshape(len(variable), -1) for variable in data.values()], axis=1
    )
    lines = (
        "\t".join(MISSING if cell != cell else f"{cell:.6f}" for cell in row)
        for row in values.tolist()
    )
    stem = f"{stem}_tracksys-{tracking}"
    write_text(Path(f"{stem}_motion.tsv"), "\n".join(lines) + "\n")
    channels = ["name\tcomponent\ttype\ttracked_point\tunits"]
    channels += [
        f"{name}_{axis}\t{axis}\t{kind}\t{point}\t{unit}"
        for name, kind, point, unit in vectors
        for axis in AXES
    ]
    write_text(Path(f"{stem}_channels.tsv"), "\n".join(channels) + "\n")
    rate = "marker_rate" if tracking == MARKERS else "force_rate"
    description = {
        "TaskName": Path(stem).name.split("_")[1].removeprefix("task-"),
        "TaskDescription": f"{trial.task}, {trial.condition}; axes x forward, y up, z right",
        "SamplingFrequency": float(data.attrs[rate]),
        "TrackingSystemName": tracking,
        "MotionChannelCount": len(channels) - 1,
        f"{vectors[0][1]}ChannelCount": len(channels) - 1,
        "MissingValues": MISSING,
    }
    write_text(Path(f"{stem}_motion.json"), as_json(description))


def _labels(entity: str, names: Iterable[str]) -> dict[str, str]:
    """Entities of BIDS, which have letters and digits only, by the names that they stand for."""
    labels = {name: f"{entity}-{re.sub(r'[^A-Za-z0-9]', '', name)}" for name in names}
    for name, label in labels.items():
        if alike := [
            other_name
            for other_name in labels
            if labels[other_name] == label and other_name != name
        ]:
            raise AqbioError(
                f"{name} and {alike[0]} are both {label} in BIDS, which knows letters and digits.",
                fix="give one of them another id.",
                rule="bids-names",
            )
    return labels
