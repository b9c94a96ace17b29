"""Judges of the fit on real recordings: ``python -m validation.recorded_fits STUDY [STUDY ...]``.

Virtual sprinters repeat exactly and have smooth joints and skin; recordings do not. Each study is
one person, solved (``aqbio run STUDY -- --until inverse_kinematics``); a study of the same trials
on another model tells how far the models agree. One row for each trial, quantity and way: plain
inverse dynamics, and the fit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.fft import dct, idct

from aqbio.inverse_dynamics.balance import adjusted_loads
from aqbio.inverse_dynamics.fit import TrialFit
from aqbio.inverse_dynamics.stage import participant_session
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.study import Study, load_study
from aqbio.multibody.dynamics import ExternalLoad, newton_euler
from aqbio.multibody.kinematics import marker_positions, segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import GRAVITY, SIDES
from aqbio.prepare.prepared import foot_loads, loads_with_toes
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray
from validation.fit_checks import WrenchError, held_out_markers, left_out_contacts

LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle")
LUMBAR = ("lumbar_extension", "lumbar_bending", "lumbar_rotation")
IN_STEP = "Change within 20 ms that plain does not have in the step, N m"
NEAR = "Change within 20 ms that plain does not have near it, N m"

SWING_S = 0.020
"""A joint moment that changes by 200 N m within this time is none of muscles, s."""
PHASES = 101
"""Points over a stance."""
WAYS = ("plain", "fit")

Judgement = tuple[str, str, float, float]
"""Judge, quantity, and its values of plain inverse dynamics and of the fit."""


@dataclass(frozen=True, eq=False)
class JudgedTrial:
    """A recorded trial that was fitted."""

    study: Study
    trial: SolvedTrial
    fit: TrialFit

    @cached_property
    def loads(self) -> tuple[tuple[ExternalLoad, ...], tuple[ExternalLoad, ...]]:
        """Loads of the feet, plain and on the fit's clock."""
        plain = tuple(foot_loads(self.study.model_map, self.trial.prepared))
        return plain, adjusted_loads(plain, self.trial.time, self.fit.values)

    @cached_property
    def bodies(self) -> tuple[tuple[Skeleton, Motion], tuple[Skeleton, Motion]]:
        """Skeleton and motion, plain and fitted."""
        fit = self.fit
        return (fit.runner.skeleton, fit.observations.plain), (fit.skeleton, fit.motion)

    @cached_property
    def forces(self) -> tuple[FloatArray, FloatArray]:
        """(T, C) arrays, N m or N: generalised forces, plain and fitted."""
        height = float(self.trial.prepared.attrs["surface_height"])
        by_way = []
        for (skeleton, motion), loads in zip(self.bodies, self.loads, strict=True):
            moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
            feet = loads_with_toes(self.study.model_map, skeleton, moves, loads, height)
            by_way.append(newton_euler(skeleton, moves, feet))
        return by_way[0], by_way[1]

    @cached_property
    def frames(self) -> slice:
        """Frames from the first to the last in which both are known."""
        finite = np.all([np.isfinite(forces).all(axis=1) for forces in self.forces], axis=0)
        stretches = runs(finite)
        start, stop = stretches[np.argmax(stretches[:, 1] - stretches[:, 0])]
        return slice(int(start), int(stop))

    @cached_property
    def judged(self) -> BoolArray:
        """(T,) bool: of these, from the first touchdown to the last toe-off as far as measured."""
        time, contacts = self.trial.time[self.frames], self.fit.observations.contacts
        inside = (time >= contacts[:, 0].min()) & (time <= contacts[:, 1].max())
        return np.asarray(inside & self.fit.observations.measured[self.frames])

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.fit.observations.rate

    @cached_property
    def joints(self) -> dict[str, int]:
        """Coordinates that are judged, by name."""
        coordinates = self.fit.skeleton.coordinates
        names = [f"{name}_{side}" for name in LEG for side in "rl"] + list(LUMBAR)
        return {name: coordinates.index(name) for name in names if name in coordinates}

    def moments(self, way: int) -> FloatArray:
        """(T, J) array, N m: joint moments of the frames."""
        return self.forces[way][self.frames][:, list(self.joints.values())]

    def rows(self) -> Iterator[Judgement]:
        """Judge, quantity, and its values of plain and of the fit."""
        yield from self._spectrum()
        yield from self._swings()
        yield from self._sides()
        yield from self._peaks()
        yield from self._residual()
        yield from self._slips()
        yield from self._contacts()
        yield from self._markers()

    def _spectrum(self) -> Iterator[Judgement]:
        cutoff = float(self.trial.prepared.attrs["cutoff"])
        above = [_rms(_above(self.moments(way), self.rate, cutoff)[self.judged]) for way in (0, 1)]
        for number, name in enumerate(self.joints):
            yield "RMS above the cut-off, N m", name, above[0][number], above[1][number]

    def _swings(self) -> Iterator[Judgement]:
        """Largest change within 20 ms beyond the plain one's nearby, and of each by itself."""
        frames = max(1, round(SWING_S * self.rate))
        plain, fitted = (_swing(self.moments(way), frames) for way in (0, 1))
        near = _largest_nearby(plain, frames)
        for number, name in enumerate(self.joints):
            largest = (swing[self.judged, number].max() for swing in (plain, fitted))
            yield ("Largest change within 20 ms, N m", name, *largest)
            beyond = float((fitted - near)[self.judged, number].max())
            yield NEAR, name, np.nan, beyond
            beyond = max(
                (fitted[step, number].max() - plain[step, number].max() for step in self._steps()),
                default=np.nan,
            )
            yield (
                "Change within 20 ms that plain does not have in the step, N m",
                name,
                np.nan,
                beyond,
            )

    def _steps(self) -> Iterator[BoolArray]:
        """Judged frames from each touchdown to the next, of either foot."""
        starts = self.fit.observations.contacts[:, 0]
        number = np.searchsorted(starts, self.trial.time[self.frames], side="right")
        for step in np.unique(number[self.judged]):
            yield self.judged & (number == step)

    def _sides(self) -> Iterator[Judgement]:
        """RMS difference of the mean stance of left and right."""
        for name in LEG:
            if f"{name}_r" in self.joints:
                courses = [
                    [self._stance(way, side, f"{name}_{side[0]}") for side in SIDES]
                    for way in (0, 1)
                ]
                differences = [
                    float(np.sqrt(np.mean((left - right) ** 2))) for left, right in courses
                ]
                yield "Left and right stance apart, N m", name, differences[0], differences[1]

    def _stance(self, way: int, side: str, name: str) -> FloatArray:
        """Mean course of a moment over the stances of a side, (PHASES,)."""
        time, values = self.trial.time, self.forces[way][:, self.joints[name]]
        observations = self.fit.observations
        courses = [
            np.interp(np.linspace(span[0], span[1], PHASES), time, values)
            for span, left in zip(observations.contacts, observations.left, strict=True)
            if left == (side == "left")
        ]
        return np.asarray(np.nanmean(courses, axis=0)) if courses else np.full(PHASES, np.nan)

    def _peaks(self) -> Iterator[Judgement]:
        mass = float(self.fit.skeleton.mass.sum())
        for number, name in enumerate(self.joints):
            peak = [np.abs(self.moments(way)[self.judged, number]).max() / mass for way in (0, 1)]
            yield "Peak, N m/kg", name, peak[0], peak[1]
            change = (self.moments(1) - self.moments(0))[self.judged, number]
            yield "Fit less plain, RMS, N m", name, np.nan, float(np.sqrt(np.mean(change**2)))

    def _residual(self) -> Iterator[Judgement]:
        weight = float(self.fit.skeleton.mass.sum()) * GRAVITY / 100.0
        used = self.fit.observations.measured
        before, after = self.fit.before, self.fit.after
        for number, axis in enumerate("xyz"):
            sizes = [_rms(residual.force[used])[number] / weight for residual in (before, after)]
            yield "Residual force, % of body weight", axis, sizes[0], sizes[1]
            sizes = [_rms(residual.moment[used])[number] for residual in (before, after)]
            yield "Residual moment, N m", axis, sizes[0], sizes[1]

    def _slips(self) -> Iterator[Judgement]:
        """Way of the toe markers on the ground while the foot bears more than half of its peak."""
        belt = float(self.trial.prepared.attrs["belt_speed"])
        slips: list[list[float]] = []
        for side in SIDES:
            labels = getattr(self.study.marker_set.feet, side).toe
            names = [self.study.marker_set.model_name(label) for label in labels]
            chosen = [n for n, label in enumerate(self.fit.skeleton.markers) if label in names]
            paths = [
                marker_positions(skeleton, motion.q)[:, chosen].mean(axis=1)[:, [0, 2]]
                for skeleton, motion in self.bodies
            ]
            for planted in self._planted(side):
                ends = np.flatnonzero(planted)[[0, -1]]
                lasted = np.diff(self.trial.time[ends])[0]
                moved = [np.diff(path[ends], axis=0)[0] + [belt * lasted, 0.0] for path in paths]
                slips.append([float(np.hypot(*slip)) * 1e3 for slip in moved])
        plain, fitted = np.transpose(slips) if slips else np.full((2, 1), np.nan)
        yield "Slip of the planted forefoot, mm", "mean", plain.mean(), fitted.mean()
        yield "Slip of the planted forefoot, mm", "largest", plain.max(), fitted.max()

    def _planted(self, side: str) -> Iterator[BoolArray]:
        observations, time = self.fit.observations, self.trial.time
        up = self.loads[0][SIDES.index(side)].force[:, 1]
        for span, left in zip(observations.contacts, observations.left, strict=True):
            during = (time >= span[0]) & (time <= span[1]) & np.isfinite(up)
            if left == (side == "left") and during.sum() > 2:
                yield during & (up > 0.5 * up[during].max())

    def _contacts(self) -> Iterator[Judgement]:
        """Prediction of contacts whose forces were withheld: plain, and the fit."""
        left_out = list(left_out_contacts(self.fit))
        for name in WrenchError.__slots__ if left_out else ():
            unit = "N" if name.startswith("force") else "N m"
            size = [
                float(
                    np.sqrt(
                        np.mean([getattr(getattr(contact, way), name) ** 2 for contact in left_out])
                    )
                )
                for way in ("before", "after")
            ]
            yield f"Contacts left out, {name.replace('_', ', ')}, {unit}", "all", size[0], size[1]

    def _markers(self) -> Iterator[Judgement]:
        errors = held_out_markers(self.fit)
        yield "Markers left out, mm", "all", 1e3 * errors["before"], 1e3 * errors["after"]


def judged_trials(file: Path) -> dict[str, JudgedTrial]:
    """The trials of a study of one person whose fit is accepted."""
    study = load_study(file)
    session = participant_session(study, study.participants[0].participant_id)
    return {
        name: JudgedTrial(study, session.trials[name], session.fitted.fits[name])
        for name in session.fitted.accepted
    }


def model_differences(first: JudgedTrial, second: JudgedTrial) -> Iterator[Judgement]:
    """RMS difference of the joint moments of two models."""
    for name in first.joints:
        if name in second.joints:
            columns = first.joints[name], second.joints[name]
            differences = [
                _rms_difference(first.forces[way][:, columns[0]], second.forces[way][:, columns[1]])
                for way in (0, 1)
            ]
            yield "Two models apart, N m", name, differences[0], differences[1]


def _rms_difference(first: FloatArray, second: FloatArray) -> float:
    return float(np.sqrt(np.nanmean((first - second) ** 2)))


def _above(values: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """Part of values (T, J) that is faster than a cut-off, Hz."""
    cosines = dct(values, axis=0, norm="ortho")
    cosines[0.5 * rate * np.arange(len(values)) / len(values) < cutoff] = 0.0
    return np.asarray(idct(cosines, axis=0, norm="ortho"))


def _swing(values: FloatArray, frames: int) -> FloatArray:
    """Largest change of (T, J) between two of `frames` + 1 neighbours, at the first of them."""
    padded = np.concatenate([values, np.repeat(values[-1:], frames, axis=0)])
    near = np.lib.stride_tricks.sliding_window_view(padded, frames + 1, axis=0)
    return np.asarray(np.ptp(near, axis=-1))


def _largest_nearby(values: FloatArray, frames: int) -> FloatArray:
    """Largest of (T, J) within so many frames before and after."""
    padded = np.pad(values, ((frames, frames), (0, 0)), mode="edge")
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * frames + 1, axis=0)
    return np.asarray(near.max(axis=-1))


def _rms(values: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((values**2).mean(axis=0)))


def table(files: Sequence[Path]) -> pd.DataFrame:
    """All judges of all studies."""
    rows_of_all: list[dict[str, object]] = []
    trials_by_file = {file: judged_trials(file) for file in files}
    for file, judged in trials_by_file.items():
        for name, trial in judged.items():
            key = {"study": str(file.parent), "trial": name}
            rows_of_all += [{**key, **row} for row in _as_rows(trial.rows())]
    for first, second in combinations(files, 2):
        for name in trials_by_file[first].keys() & trials_by_file[second].keys():
            key = {"study": f"{first.parent}, {second.parent}", "trial": name}
            rows = _as_rows(
                model_differences(trials_by_file[first][name], trials_by_file[second][name])
            )
            rows_of_all += [{**key, **row} for row in rows]
    return pd.DataFrame(rows_of_all)


def _as_rows(rows: Iterator[Judgement]) -> Iterator[Mapping[str, object]]:
    return (dict(zip(("judge", "quantity", *WAYS), row, strict=True)) for row in rows)


def main(arguments: Sequence[str]) -> int:
    """Print all judges of some studies as a table."""
    table([Path(argument) for argument in arguments]).to_csv(sys.stdout, sep="\t", index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
