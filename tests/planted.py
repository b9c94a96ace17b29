"""A person's name, planted wherever a laboratory can write it, and looked for in results."""

from __future__ import annotations

import base64
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import ezc3d
import netCDF4
import numpy as np

from aqbio.io.study import MODELS

NAME = "Zwiebelfisch"


def plant(folder: Path) -> None:
    """Write the name into every file of a made study, and into what its files are called."""
    data_folder = folder / "data" / NAME
    data_folder.mkdir()
    for path in sorted((folder / "data").glob("*.c3d")):
        _plant_c3d(path)
        path.rename(data_folder / f"{NAME}-{path.name}")
    trials = (folder / "trials.tsv").read_text(encoding="utf-8")
    with_notes = re.sub(r"(\w+\.c3d)", rf"{NAME}/{NAME}-\1\t{NAME} ran", trials)
    (folder / "trials.tsv").write_text(with_notes.replace("file\n", "file\tnotes\n", 1), "utf-8")
    header, *rows = (folder / "participants.tsv").read_text(encoding="utf-8").splitlines()
    people = [f"{header}\tname\tperson", *(f"{row}\t{NAME}\tn/a" for row in rows)]
    (folder / "participants.tsv").write_text("\n".join(people) + "\n", encoding="utf-8")
    models = folder / f"{NAME}_models"
    models.mkdir()
    sex = "female" if "female" in rows[0].split("\t") else "male"
    model = (MODELS / "sprint" / f"sprint_{sex}.osim").read_text(encoding="utf-8")
    model = model.replace(f"aqbio_sprint_{sex}", NAME)
    (models / f"{NAME}.osim").write_text(model, encoding="utf-8")
    for name in ("map", "markers"):
        shutil.copy(MODELS / "sprint" / f"{name}.yaml", models / f"{NAME}_{name}.yaml")
    files = {"file": ".osim", "map": "_map.yaml", "markers": "_markers.yaml"}
    model_settings = [f"{key}: {models.name}/{NAME}{end}" for key, end in files.items()]
    with (folder / "study.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"model: {{{', '.join(model_settings)}}}\n")


def _plant_c3d(path: Path) -> None:
    content = ezc3d.c3d(str(path))
    parameters = content["parameters"]
    labels = [f"{NAME}:{label}" for label in parameters["POINT"]["LABELS"]["value"]]
    data = content["data"]  # one marker more, that nobody knows
    data["points"] = np.concatenate([data["points"], data["points"][:, :1]], axis=1)
    data["meta_points"] = {
        name: np.concatenate([values, values[:, :1]], axis=1)
        for name, values in data["meta_points"].items()
    }
    labels.append(f"{NAME}_extra")
    parameters["POINT"]["LABELS"]["value"] = labels
    parameters["POINT"]["DESCRIPTIONS"]["value"] = [NAME] * len(labels)
    channels = parameters["ANALOG"]["LABELS"]["value"]
    parameters["ANALOG"]["LABELS"]["value"] = [f"{NAME}.{channel}" for channel in channels]
    content.add_parameter("SUBJECTS", "NAMES", [NAME])
    content.add_parameter("TRIAL", "NOTES", [f"{NAME} is tired"])
    content.write(str(path))


def files_with(folder: Path, name: str) -> list[Path]:
    """Files below a folder that hold a text in their name, their bytes, or what those unpack to."""
    encodings = (name.casefold().encode(), name.casefold().encode("utf-16-le"))
    return [
        path
        for path in sorted(folder.rglob("*"))
        if name.casefold() in path.relative_to(folder).as_posix().casefold()
        or (
            path.is_file()
            and any(encoded in content for content in _readings(path) for encoded in encodings)
        )
    ]


def _readings(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw.lower()
    for packed in re.finditer(rb"stream\r?\n(.*?)endstream", raw, re.DOTALL):  # of a PDF
        yield _unpacked(packed[1]).lower()
    for packed in re.finditer(rb"[A-Za-z0-9+/]{40,}={0,2}", raw):  # of a page
        plain = base64.b64decode(packed[0] + b"=" * (-len(packed[0]) % 4))
        yield plain.lower()
        yield _unpacked(plain).lower()
    if path.suffix == ".nc":
        yield _texts(path).casefold().encode()


def _unpacked(packed: bytes) -> bytes:
    """Content that zlib, gzip or bare deflate packed; empty for anything else."""
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            return zlib.decompressobj(bits).decompress(packed)
        except zlib.error:
            continue
    return b""


def _texts(path: Path) -> str:
    """All attributes and texts of a NetCDF file, which may be compressed."""
    with netCDF4.Dataset(path) as data:
        texts = [str(data.getncattr(name)) for name in data.ncattrs()]
        for variable in data.variables.values():
            texts += [str(variable.getncattr(name)) for name in variable.ncattrs()]
            if variable.dtype is str or variable.dtype.kind in "SU":
                texts.append(str(variable[:].tolist()))
    return "\n".join(texts)
