"""Results of a study as labelled arrays and tables, without a path."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.body.records import final_model
from aqbio.config import closest
from aqbio.contributions.dataset import frames_in_contact
from aqbio.errors import AqbioError
from aqbio.force_plates.forces import centre_of_pressure
from aqbio.force_plates.ground_reactions import Run
from aqbio.gait.step_files import CURVES, finished, recorded_steps, step_file, trial_contacts
from aqbio.gait.steps import PERCENT, PHASES, Kind, Step, phase_curve
from aqbio.intervals.study_draws import LEVELS, study_draws
from aqbio.intervals.worlds import SCOPES
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, finished_study
from aqbio.io.tables import read_table
from aqbio.multibody.skeleton import Skeleton
from aqbio.prepare.prepared import foot_loads
from aqbio.reference.group import read_reference
from aqbio.rotation.levels import Anatomy

MIN_VERTICAL_FORCE_N = 1e-3
"""Smallest vertical force of a loaded foot, N; the centre of pressure is a quotient by it."""


class NamedTables(dict[str, pd.DataFrame]):
    """Tables by name; a name that there is not is an error that says which there are."""

    def __init__(self, folder: Path) -> None:
        super().__init__({path.stem: read_table(path) for path in folder.glob("*.tsv")})
        self.folder = folder.name

    def __missing__(self, name: str) -> pd.DataFrame:
        what = f"there is no {name} among the {self.folder} of the study."
        raise _unknown(name, sorted(self), what, rule="results-table")


def _unknown(name: str, names: Sequence[str], what: str, rule: str) -> AqbioError:
    near = closest(name, names)
    known = f"take one of {', '.join(names)}." if names else "run the study: there are none yet."
    return AqbioError(what, fix=f"did you mean {near}?" if near else known, rule=rule)


@dataclass(frozen=True)
class StudyResults:
    """Results of one study; `open_study` makes it."""

    study: Study

    def __repr__(self) -> str:
        name, people = self.study.settings.name, ", ".join(self.participants)
        return f"StudyResults({name}: participants {people})"

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables of the study by name; files.md describes their columns."""
        return NamedTables(self.study.root / "tables")

    @cached_property
    def figures(self) -> dict[str, pd.DataFrame]:
        """Numbers behind every figure, by the figure's name."""
        return NamedTables(self.study.root / "figures")

    def reference(self) -> pd.DataFrame:
        """People whom the athletes are shown beside: mean momentum by speed, part and axis.

        A row per person, speed, part and axis, as ``files.md`` describes the table ``reference``:
        the public runners that come with aqbio, or the group that ``figures.reference`` names.
        """
        return read_reference(self.study)

    @property
    def participants(self) -> tuple[str, ...]:
        """Participants of the study."""
        return tuple(participant.participant_id for participant in self.study.participants)

    def trials(self, participant: str) -> tuple[str, ...]:
        """Trials of a participant that all stages completed."""
        self.study.participant(participant)  # or an error that names those that there are
        return tuple(sorted(finished(self.study, participant)))

    @cached_property
    def curves(self) -> xr.Dataset:
        """Curves of every step that counts: (step, phase, percent, ...), canonical frame."""
        parts = []
        for participant in filter(self.trials, self.participants):
            steps = read_dataset(step_file(self.study, participant, CURVES), keep=False)
            parts.append(steps.isel(step=steps["trial_id"].isin(self.trials(participant))))
        return xr.concat(
            parts, "step", data_vars="minimal", coords="minimal", compat="override", join="outer",
            combine_attrs="drop_conflicts",
        )  # fmt: skip

    def draws(
        self,
        participants: str | Sequence[str] | None = None,
        *,
        levels: Collection[str] = LEVELS,
        scopes: Collection[str] = SCOPES,
    ) -> xr.Dataset:
        """Stance means of all kept steps, and their errors of measurement in 256 worlds.

        A world is one set of errors: of the tables of body segments, of each person's body, of each
        session's markers and plates, of each trial's soft tissue, of each step. It is the same in
        every trial, step and outcome, so that any function of numbers (a difference, slope, index,
        rank) has in world k the value that it has of ``value + deviation`` in world k, and errors
        that the numbers share cancel.

        Parameters
        ----------
        participants : str or sequence of str, optional
            All by default.
        levels : collection of str
            Levels of the outcomes, as in the rows of contributions; "C (C2)" is what joint moments
            cause.
        scopes : collection of {"common", "person", "session", "trial", "step"}
            Bearers of the errors that vary over worlds. Without "step" for means over steps whose
            error is taken from the scatter of the steps.

        Returns
        -------
        Dataset
            ``value`` (step, outcome, axis) and ``deviation`` (draw, step, outcome, axis), of mean 0
            over draws, in roles and in the canonical frame; NaN where a number is missing.
            Coordinates of step: participant_id, person, session, trial_id, number, side, condition,
            speed_mps; of outcome: level, source, target, statistic, unit.

        Examples
        --------
        >>> draws = study.draws("V06", levels=["A"])  # doctest: +SKIP
        >>> arms = draws.isel(outcome=draws.source.values == "arms").sel(axis="y")  # doctest: +SKIP
        """
        names = [participants] if isinstance(participants, str) else participants
        for name in names or ():
            self.study.participant(name)  # or an error that names those that there are
        return study_draws(self.study, names, levels, scopes)

    def trial(self, participant: str, trial: str) -> xr.Dataset:
        """Levels A to C of a trial over time, by anatomical side, along the direction of travel."""
        return self._dataset(participant, trial, "contributions")

    def motion(self, participant: str, trial: str) -> xr.Dataset:
        """Coordinates ``q``, their rates and loads of the feet over time.

        Loads in the laboratory's frame, in which the `model` places the coordinates.

        After the consistency fit where the trial was fitted; the files say which (``motion``).
        """
        return self._dataset(participant, trial, "inverse_dynamics")

    def model(self, participant: str) -> Skeleton:
        """Model of a participant behind the numbers, after the consistency fit if there was one."""
        self.study.participant(participant)
        return load_skeleton(final_model(self.study, participant).table)

    @cached_property
    def anatomy(self) -> Anatomy:
        """Meaning of the segments and joints of the study's models."""
        model_map = self.study.model_map
        return Anatomy(model_map.groups, model_map.joints.by_name(), model_map.pelvis.joint)

    def steps(self, participant: str, trial: str) -> tuple[Step, ...]:
        """Steps of a trial, rejected ones too, on the clock of its motion."""
        sheet = self.tables["trials"]
        self.study.participant(participant)
        trials = sheet.loc[sheet["participant_id"] == participant, "trial_id"].astype(str).tolist()
        if trial not in trials:
            what = f"{participant} has no trial {trial}."
            raise _unknown(trial, trials, what, rule="results-trial")
        rows = self.tables["steps"]
        is_step = (rows["participant_id"] == participant) & (rows["trial_id"] == trial)
        return recorded_steps(rows[is_step])

    def run(self, participant: str, trial: str) -> Run:
        """A trial as the functions of the library take it: model, motion, ground reactions.

        NaN where forces were not measured; such frames are not taken as on the ground.
        """
        data = self.motion(participant, trial)
        loads = foot_loads(self.study.model_map, data)
        force, moment = (np.stack([getattr(x, n) for x in loads], 1) for n in ("force", "moment"))
        # filters leave small forces that pull: such a wrench is that of its opposite, sign-flipped
        sign = np.where(force[..., 1] < 0.0, -1.0, 1.0)
        height = float(data.attrs["surface_height"])
        cop, free = centre_of_pressure(
            sign[..., None] * force,
            sign[..., None] * moment,
            np.zeros(3),
            height,
            MIN_VERTICAL_FORCE_N,
        )
        time = data["time"].values
        touching = frames_in_contact(time, tuple(trial_contacts(data)))
        return Run(
            skeleton=self.model(participant),
            time=time,
            q=data["q"].values,
            u=data["u"].values,
            udot=data["udot"].values,
            feet=(loads[0].body, loads[1].body),
            force=np.where(np.abs(force[..., 1:2]) < MIN_VERTICAL_FORCE_N, 0.0, force),
            cop=cop,
            free_moment=sign * free,
            on_ground=touching & (np.abs(force[..., 1]) >= MIN_VERTICAL_FORCE_N),
        )

    def _dataset(self, participant: str, trial: str, stage: str) -> xr.Dataset:
        if trial not in self.trials(participant):
            what = f"{participant} has no trial {trial} that all stages could do."
            raise _unknown(trial, self.trials(participant), what, rule="results-trial")
        return read_dataset(self.study.folder(participant, stage) / f"{trial}.nc", keep=False)


def open_study(path: str | Path) -> StudyResults:
    """Open the results of a study.

    Parameters
    ----------
    path : path
        study.yaml, or the folder that holds it. Results are looked for in the working folder, as
        the commands write them there, in the folders around it and around study.yaml.

    Returns
    -------
    StudyResults
        Each part is read when it is first asked for.

    Raises
    ------
    AqbioError
        The study cannot be read, or it has no results.

    Examples
    --------
    >>> study = open_study("data/virtual_sprinters")  # doctest: +SKIP
    >>> study.trial("V06", "speed4-01")["group_angular_momentum"].sel(axis="y")  # doctest: +SKIP
    """
    file = Path(path) / "study.yaml" if Path(path).is_dir() else Path(path)
    return StudyResults(finished_study(file))


def step_curves(
    signal: xr.DataArray, steps: Sequence[Step], kind: Kind | None = None
) -> xr.DataArray:
    """Cut a labelled signal of a trial into curves of its steps.

    Parameters
    ----------
    signal : DataArray over time
        Ground axes along the direction of travel where it has a dimension ``axis``.
    steps : sequence of Step
        As `StudyResults.steps` gives them; rejected ones are left out.
    kind : {"axial", "polar"}, optional
        How the vectors reflect; by default as the signal's attribute ``reflection`` says.

    Returns
    -------
    DataArray over step, phase and percent
        Canonical: left-stance steps are reflected. NaN in a flight that was not measured.

    Raises
    ------
    ValueError
        The signal has vectors, and nothing says how they reflect.

    Examples
    --------
    >>> import xarray as xr
    >>> time = np.linspace(0.0, 1.0, 11)
    >>> height = xr.DataArray(time, {"time": time}, "time")
    >>> step = Step(1, "left", 0.2, 0.4, 0.6, status="ok", reason="")
    >>> step_curves(height, [step]).sel(phase="stance").values[0, [0, 50, 100]].round(3)
    array([0.2, 0.3, 0.4])
    """
    kind = kind or signal.attrs.get("reflection")
    if "axis" in signal.dims and kind not in ("axial", "polar"):
        raise ValueError(f"{signal.name}: say how its vectors reflect, kind='axial' or 'polar'.")
    vectors = ("axis",) if "axis" in signal.dims else ()
    signal = signal.transpose("time", ..., *vectors)
    counted_steps = [step for step in steps if step.status != "rejected"]
    time, values = signal["time"].values, signal.values
    reflection = kind if vectors and kind else np.ones(1)
    curves = [
        [phase_curve(step, phase, time, values, reflection) for phase in PHASES]
        for step in counted_steps
    ]
    shape = (len(counted_steps), len(PHASES), len(PERCENT), *values.shape[1:])
    along_time = [name for name, coordinate in signal.coords.items() if "time" in coordinate.dims]
    return xr.DataArray(
        np.reshape(curves, shape),
        {
            "step": [step.number for step in counted_steps],
            "side": ("step", [step.side for step in counted_steps]),
            "phase": list(PHASES),
            "percent": 100.0 * PERCENT,
            **signal.drop_vars(along_time).coords,
        },
        ("step", "phase", "percent", *signal.dims[1:]),
        signal.name,
        signal.attrs,
    )
