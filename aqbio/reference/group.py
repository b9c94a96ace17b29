"""Reference group: angular momentum of other people by part, axis and speed.

The table that comes with aqbio, ``momentum.tsv``, is made by `aqbio reference` from the study of
public runners (``data/public_runners``). A study may name another one (``figures.reference``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aqbio.gait.curves import role_scheme
from aqbio.gait.step_files import steady_steps
from aqbio.io.dictionary import columns
from aqbio.io.published import read_manifest
from aqbio.io.study import Study
from aqbio.io.tables import read_table, write_table
from aqbio.names import AXES, NORMAL, ROLE_GROUPS, ROLE_SIDES, SIDES, WITH_STEPS
from aqbio.observed.invalidated import outcomes_of_cell
from aqbio.prepare.used_size import used_mass, used_stature
from aqbio.vectors import FloatArray

PARTS = (*ROLE_GROUPS, *ROLE_SIDES, "total")

MEAN = "H_{}_{}_stance_mean_kgm2ps"
ERROR = "H_{}_{}_stance_mean_sd_kgm2ps"
"""Columns of steps.tsv by part and axis."""

DIGITS = 5
"""Significant digits: a hundred-thousandth, below any interval."""

MIN_BAND_PEOPLE = 5
"""Least number of people at a speed for a mean and a standard deviation."""

MAX_SPEED_OFFSET_MPS = 0.3
"""How far from a recorded speed a person still counts: the scaled momentum of a person changes by
a tenth from one metre per second to the next."""

MAX_SPEED_GAP_MPS = 2.0
"""Widest gap between two recorded speeds of a person that is bridged by a straight line."""

THOUSANDTHS = 1000.0


def read_reference(study: Study) -> pd.DataFrame:
    """Read the table of the study's reference group."""
    return read_table(study.reference_file)


# made of a study --------------------------------------------------------------------------------


def reference_rows(study: Study, steps: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Mean momentum of every trial by part and axis, both feet alike.

    Trials of the usual condition whose angular momentum no measure of quality invalidates; their
    whole steps of steady running on a straight.

    Parameters
    ----------
    study : Study
        With results: mass and stature come from its records.
    steps, trials : DataFrame
        Its tables of these names.

    Returns
    -------
    DataFrame
        A row per trial, part and axis; columns as `dictionary.yaml` describes ``reference``.
    """
    sound = trials["state"].isin(WITH_STEPS) & (trials["condition"] == NORMAL)
    invalidated = (
        trials["invalidated"].map(outcomes_of_cell).map(lambda outcomes: "momentum" in outcomes)
    )
    kept_trials = trials[sound & ~invalidated & trials["against"].isna()]
    whole = steady_steps(steps[steps["status"] == "ok"])
    people = _people(study)
    rows = [
        row
        for trial in kept_trials.itertuples()
        for row in _trial_rows(
            whole[
                (whole["participant_id"] == trial.participant_id)
                & (whole["trial_id"] == trial.trial_id)
            ],
            people[str(trial.participant_id)]
            | {"trial_id": trial.trial_id, "surface": trial.surface},
        )
    ]
    return pd.DataFrame(rows, columns=list(columns("reference")))


def _people(study: Study) -> dict[str, dict[str, Any]]:
    """Cells about the person, by participant."""
    citations = _citations(study)
    return {
        row.participant_id: {
            "study": study.settings.name,
            "participant_id": row.participant_id,
            "person": row.person or row.participant_id,
            "sex": row.sex,
            "laboratory": row.laboratory,
            "published": citations.get(row.participant_id),
            "mass_kg": used_mass(study, row.participant_id),
            "stature_m": used_stature(study, row.participant_id),
            "stature_stated": "no" if row.height_m is None else "yes",
        }
        for row in study.participants
    }


def _citations(study: Study) -> dict[str, str]:
    """Citation of a participant's published recordings: authors and year."""
    manifest = read_manifest(study.file.parent)
    if manifest is None:
        return {}
    source_by_file = {file.file: manifest.sources[file.source] for file in manifest.files}
    citations: dict[str, str] = {}
    for trial in study.trials:
        if source := source_by_file.get(trial.source):
            short = re.match(r".*?\(\d{4}\)", source.citation)
            citations.setdefault(trial.participant_id, short[0] if short else source.citation)
    return citations


def _trial_rows(steps: pd.DataFrame, person: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if steps.empty:
        return
    by_foot = [steps[steps["side"] == side] for side in SIDES if (steps["side"] == side).any()]

    def both_feet(column: str) -> float:
        return float(np.mean([foot[column].mean() for foot in by_foot]))

    speed = both_feet("speed_mps")
    scale = float(person["mass_kg"] or np.nan) * float(person["stature_m"]) * speed
    for part in PARTS:
        for axis in AXES:
            column = MEAN.format(part, axis)
            if column not in steps or steps[column].isna().any():
                continue
            mean = both_feet(column)
            yield {
                **person,
                "speed_mps": speed,
                "steps": len(steps),
                "part": part,
                "axis": axis,
                "mean_kgm2ps": mean,
                "between_steps_sd_kgm2ps": steps[column].std(ddof=1),
                "error_sd_kgm2ps": steps[ERROR.format(part, axis)].mean(),
                "scaled": THOUSANDTHS * mean / scale,
            }


def write_reference(study: Study, path: Path) -> int:
    """Write the reference table of a finished study; returns the number of people in it.

    The same results give the same bytes: nothing in it depends on when and where it is made.
    """
    tables = (read_table(study.table(f"{name}.tsv")) for name in ("steps", "trials"))
    rows = reference_rows(study, *tables)
    provenance = {
        "study": study.settings.name,
        "made_by": "aqbio reference",
        "roles": role_scheme(study).words(),
    }
    write_table(rows, path, columns("reference"), provenance, digits=DIGITS)
    return int(rows["person"].nunique())


# read for an athlete ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OthersAtSpeed:
    """Scaled momentum of other people at one speed, thousandths of mass × stature × speed."""

    values: Mapping[Hashable, float]
    """By study and person."""

    @property
    def is_band(self) -> bool:
        """True for enough people for a mean and a standard deviation."""
        return len(self.values) >= MIN_BAND_PEOPLE

    @property
    def mean(self) -> float:
        """Mean over people; NaN of too few."""
        return float(np.mean(list(self.values.values()))) if self.is_band else float("nan")

    @property
    def sd(self) -> float:
        """Standard deviation between people; NaN of too few."""
        return float(np.std(list(self.values.values()), ddof=1)) if self.is_band else float("nan")

    @property
    def ends(self) -> tuple[float, float]:
        """Mean less and plus a standard deviation."""
        return self.mean - self.sd, self.mean + self.sd

    @property
    def range(self) -> tuple[float, float]:
        """Least and largest; NaN without people."""
        numbers = list(self.values.values()) or [float("nan")]
        return min(numbers), max(numbers)


def other_people(reference: pd.DataFrame, study: Study, participant_id: str) -> pd.DataFrame:
    """Rows of a reference that are not of this participant's own person."""
    row = study.participant(participant_id)
    own_rows = (reference["study"] == study.settings.name) & (
        reference["person"].astype(str) == (row.person or row.participant_id)
    )
    scaled: pd.DataFrame = reference[~own_rows & reference["scaled"].notna()]
    return scaled


def others_at(people: pd.DataFrame, part: str, axis: str, speed_mps: float) -> OthersAtSpeed:
    """Scaled momentum of every other person at a speed, on a line between recorded speeds.

    A person counts within `MAX_SPEED_OFFSET_MPS` of a recorded speed, or between two that are at
    most `MAX_SPEED_GAP_MPS` apart.
    """
    return others_at_speeds(people, part, axis, [speed_mps])[0]


def others_at_speeds(
    people: pd.DataFrame, part: str, axis: str, speeds_mps: Sequence[float]
) -> list[OthersAtSpeed]:
    """Scaled momentum of every other person at several speeds, as `others_at`."""
    rows = people[(people["part"] == part) & (people["axis"] == axis)]
    means = rows.groupby(["study", "person", "speed_mps"], sort=True)["scaled"].mean()
    points: dict[Hashable, list[tuple[float, float]]] = {}
    for study, person, speed, scaled in means.reset_index().itertuples(index=False, name=None):
        points.setdefault((study, person), []).append((speed, scaled))
    lines = [(person, *np.array(of_person).T) for person, of_person in points.items()]
    others = []
    for speed in speeds_mps:
        at_speed = ((name, _at(recorded, scaled, speed)) for name, recorded, scaled in lines)
        others.append(OthersAtSpeed({name: value for name, value in at_speed if isfinite(value)}))
    return others


def _at(speeds: FloatArray, values: FloatArray, speed: float) -> float:
    """Value at a speed between recorded ones (ascending); NaN where none is near."""
    above = int(np.searchsorted(speeds, speed))
    between = 0 < above < len(speeds)
    if between and speeds[above] - speeds[above - 1] <= MAX_SPEED_GAP_MPS:
        return float(np.interp(speed, speeds, values))
    nearest = int(np.abs(speeds - speed).argmin())
    is_near = abs(speeds[nearest] - speed) <= MAX_SPEED_OFFSET_MPS
    return float(values[nearest]) if is_near else float("nan")


Write = Callable[[str, pd.DataFrame, str, str], str]
"""Writes a text that is computed of a column in rows, with what is computed."""


def people_words(people: pd.DataFrame, write: Write = lambda text, *_: text) -> str:
    """Say who the people of a reference are: number, sex, source, surface, speeds."""
    parts = []
    published = people["published"].fillna(people["laboratory"]).fillna(people["study"])
    for (source, surface), rows in people.groupby([published, "surface"], sort=False):
        sexes = rows.drop_duplicates("person")["sex"].value_counts()
        nouns = {"male": ("man", "men"), "female": ("woman", "women")}
        counts = " and ".join(
            f"{write(str(count), rows[rows['sex'] == sex], 'person', 'people')} "
            f"{nouns[str(sex)][int(count > 1)]}"
            for sex, count in sexes.items()
        )
        low, high = (
            write(f"{speed:.1f}", rows, "speed_mps", by)
            for speed, by in ((rows["speed_mps"].min(), "least"), (rows["speed_mps"].max(), "most"))
        )
        ground = "on a treadmill" if surface == "treadmill" else "overground"
        told = write(str(source), rows, "published", "one of")
        parts.append(f"{counts or 'people'} of {told}, {ground}, {low} to {high} m/s")
    return "; ".join(parts)
