"""Recorded sessions whose bodies are calibrated, and what is hidden or changed of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from aqbio.intake.new import new_study_from

OWN = Path(__file__).parents[1] / "tests" / "real"
MOVED_M = 0.04


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
        """A prepared trial as the calibration shall see it."""
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
    """The study that the tests hold for a session."""

    def make(place: Path, _: Path) -> Path:
        shutil.copytree(OWN / folder, place)
        return place / "study.yaml"

    return make


def proposed(data_folder: str, filled: dict[str, dict[str, str]]) -> Callable[[Path, Path], Path]:
    """The study that `aqbio new --from` proposes, with what a person fills in.

    Parameters
    ----------
    data_folder : str
    filled : dict
        By file: text to replace, and by what.
    """

    def make(place: Path, data: Path) -> Path:
        new_study_from(place, data / data_folder, None, quietly)
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
    Session(
        "Rajagopal walk",
        proposed("rajagopal2016/walk", {"participants.tsv": {"S01\tn/a\tn/a": "S01\tmale\t85.1"}}),
    ),
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


def quietly(_: str) -> None:
    """Report nothing."""
