"""Clocks and tilts planted in real recordings, and what the fit finds of them.

``python -m validation.planted_laboratory clock STUDY [PARTICIPANT ...]`` makes the forces of a
study that is done late by 0 to 20 ms, fits its trials again and compares the clock that is found,
angular momentum in stance and the touchdown distance with those of the forces as recorded; the
last line of a person is one trial that is late alone.

``python -m validation.planted_laboratory turn FOLDER COPY PITCH_DEG`` writes copies of C3D files
whose cameras are pitched against the plates: a study of them is run like any other.

``python -m validation.planted_laboratory ground STUDY [STUDY ...]`` prints what rests on ground and
vertical in studies of the same recordings, rotated or not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.body.records import ParticipantModel
from aqbio.gait.postures import POINTS, posture_points
from aqbio.gait.step_files import step_file
from aqbio.gait.steps import rotation_about_vertical
from aqbio.inverse_dynamics.fit import TrialFit, body_kinematics, group_momentum
from aqbio.inverse_dynamics.session import Session
from aqbio.inverse_dynamics.session_inputs import prepare_session, static_stances
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_columns
from aqbio.multibody.kinematics import segment_motion
from aqbio.multibody.momentum import centre_of_mass
from aqbio.names import AXES, NORMAL_95, SIDES
from aqbio.prepare.belt import MIDDLE_SHARES
from aqbio.vectors import FloatArray

LATE_MS = (0.0, 4.0, 8.0, 12.0, 20.0)
"""Planted delays of the forces, ms."""

GROUPS = {"push_leg": "leg_{push}", "swing_leg": "leg_{swing}", "torso": "torso"}
"""Groups of a step and of a model."""

MIN_CONTACT_FRAMES = 5

STEPS_PER_STRIDE = 2


def fitted_late(study: Study, participant: str, late: Mapping[str, float]) -> Session:
    """Fit a participant's trials with forces that come late by trial, s."""
    skeleton = load_skeleton(ParticipantModel.of(study, participant).table)
    names = [trial.trial_id for trial in study.moving_of(participant)]
    folder = study.folder(participant, "inverse_kinematics")
    trials = [
        SolvedTrial.read(study, participant, name)
        for name in names
        if (folder / f"{name}.nc").is_file()
    ]
    postures = static_stances(study, participant, skeleton)
    session = prepare_session(study, skeleton, trials, postures)
    for name, observations in session.observations.items():
        clock = late.get(name, 0.0)
        wrench = replace(observations.wrench, time=observations.wrench.time + clock)
        moved = observations.on_clock(-clock)  # plates see what happens later, too
        session.observations[name] = replace(moved, wrench=wrench, clock=0.0)
    session.fit_single_trials()
    session.fit_together()
    return session


def step_numbers(study: Study, fit: TrialFit) -> Iterator[dict[str, float]]:
    """Momentum of groups in each stance, kg m²/s, and touchdown distance, m, as steps have them."""
    observations, clock = fit.observations, fit.clock.estimate
    moves, body = body_kinematics(fit, fit.motion, fit.values)
    com, velocity, _ = centre_of_mass(segment_motion(body, moves))
    heading = (
        np.arctan2(-velocity[:, 2].mean(), velocity[:, 0].mean()) if observations.drag else 0.0
    )
    turn = rotation_about_vertical(-float(heading)).T
    momentum = group_momentum(fit, moves, body)[0] @ turn
    points = posture_points(body, study.model_map, moves, com) @ turn
    names = [*fit.runner.groups, "total"]
    for (touchdown, toe_off), left in zip(
        observations.contacts + observations.clock - clock, observations.left, strict=True
    ):
        inside = (observations.time >= touchdown) & (observations.time <= toe_off)
        if not fit.measured[inside].all() or inside.sum() < MIN_CONTACT_FRAMES:
            continue
        push, swing = SIDES if left else SIDES[::-1]
        numbers = {
            f"H_{group}_{axis}": float(
                momentum[inside, names.index(name.format(push=push, swing=swing)), number].mean()
            )
            for group, name in (GROUPS | {"total": "total"}).items()
            for number, axis in enumerate(AXES)
        }
        ankle = points[:, POINTS.index(f"ankle_{push}"), 0]
        numbers["touchdown_distance"] = float(np.interp(touchdown, observations.time, ankle))
        yield numbers


def half_widths(study: Study, participant: str) -> dict[str, float]:
    """Median half-width of the 95 % intervals of the participant's steps, by number."""
    steps = read_columns(step_file(study, participant, "steps"))
    widths = {"touchdown_distance": float(steps["touchdown_distance_sd_m"].median())}
    for group in (*GROUPS, "total"):
        for axis in AXES:
            sd = steps[f"H_{group}_{axis}_stance_mean_sd_kgm2ps"].median()
            widths[f"H_{group}_{axis}"] = float(sd)
    return {name: NORMAL_95 * sd for name, sd in widths.items()}


def clock_rows(study: Study, participant: str) -> Iterator[dict[str, object]]:
    """Compare fits of late forces with that of the forces as recorded."""
    widths, recorded = half_widths(study, participant), fitted_late(study, participant, {})
    first_trial = next(iter(recorded.fits))
    plants = [dict.fromkeys(recorded.fits, 1e-3 * late) for late in LATE_MS]
    for late in [*plants, {first_trial: 1e-3 * LATE_MS[-2]}]:
        session = fitted_late(study, participant, late)
        for name, fit in session.fits.items():
            before = list(step_numbers(study, recorded.fits[name]))
            after = list(step_numbers(study, fit))
            off = pd.DataFrame(after) - pd.DataFrame(before)
            share = off.abs().max() / pd.Series(widths)
            clock = fit.clock.estimate - recorded.fits[name].clock.estimate
            yield {
                "participant": participant,
                "trial": name,
                "planted_ms": 1e3 * late.get(name, 0.0),
                "found_ms": 1e3 * clock,
                "sd_ms": 1e3 * fit.clock.sd,
                "steps": min(len(before), len(after)),
                "H_share": share.drop("touchdown_distance").max(),
                "touchdown_share": share["touchdown_distance"],
                "support": session.support(name),
            }


def write_turned(source: Path, copy: Path, pitch: float) -> None:
    """Write C3D files whose cameras are pitched, rad: about x, the right of a run along +y."""
    import ezc3d

    cosine, sine = np.cos(pitch), np.sin(pitch)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])
    copy.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.glob("*.c3d")):
        recording = ezc3d.c3d(str(file))
        points = recording["data"]["points"]
        visible = (points[:3] != 0.0).any(axis=0)
        points[:3] = np.where(visible, np.einsum("ij,jkt->ikt", turn, points[:3]), points[:3])
        recording.write(str(copy / file.name))


def ground_rows(study: Study, participant: str) -> Iterator[dict[str, object]]:
    """Numbers of every contact that rest on the ground, and the level of the centre of mass."""
    folder = study.folder(participant, "contributions")
    for file in sorted(folder.glob("*.nc")):
        data = read_dataset(file)
        if data.attrs["motion"] != "fitted":
            continue
        time, com = data["time"].values, data["com"].values
        for contact in range(data.sizes["contact"]):
            side = str(data["contact_foot"].values[contact])
            ends = [float(data[f"contact_{name}"][contact]) for name in ("touchdown", "toe_off")]
            inside = (time >= ends[0]) & (time <= ends[1])
            force = data["ground_force"].values[inside, SIDES.index(side), 1]
            if not len(force) or not np.isfinite(force).all():
                continue
            duration = (MIDDLE_SHARES[1] - MIDDLE_SHARES[0]) * (ends[1] - ends[0])
            along, across = (
                float(data[f"contact_forefoot_{way}"][contact]) for way in ("along", "across")
            )
            share = np.nan_to_num(data["toes_share"].values[inside, SIDES.index(side)])
            moment = data["joint_moment"].sel(joint=f"mtp_{side}").values[inside]
            yield {
                "study": study.settings.name,
                "trial": file.stem,
                "contact": contact + 1,
                "mtp_peak_nm": float(np.linalg.norm(moment, axis=1).max()),
                "toes_share": float(np.average(share, weights=force)),
                "slip_mm": 1e3 * duration * float(np.hypot(along, across)),
                "com_slope_mm_per_m": _slope(time, com, np.sort(data["contact_touchdown"].values)),
            }


def _slope(time: FloatArray, com: FloatArray, touchdowns: FloatArray) -> float:
    """Rise of the centre of mass, averaged over a stride, along the run, mm per m."""
    if len(touchdowns) <= STEPS_PER_STRIDE:
        return float("nan")
    stride = float((touchdowns[STEPS_PER_STRIDE:] - touchdowns[:-STEPS_PER_STRIDE]).mean())
    frames = round(stride / float(time[1] - time[0]))
    if len(time) < 2 * frames:
        return float("nan")
    mean = np.ones(frames) / frames
    x, y = (np.convolve(com[:, axis], mean, "valid") for axis in (0, 1))
    return float(1e3 * np.polyfit(x, y, 1)[0])


def main(arguments: Sequence[str]) -> None:
    """Run one of the three ways."""
    way, *rest = arguments
    if way == "turn":
        write_turned(Path(rest[0]), Path(rest[1]), np.radians(float(rest[2])))
        return
    if way == "clock":
        study = load_study(Path(rest[0]))
        people = rest[1:] or [person.participant_id for person in study.participants]
        rows = [row for person in people for row in clock_rows(study.recorded_with(person), person)]
    else:
        studies = [load_study(Path(name)) for name in rest]
        rows = [
            row
            for study in studies
            for person in study.participants
            for row in ground_rows(
                study.recorded_with(person.participant_id), person.participant_id
            )
        ]
    print(pd.DataFrame(rows).round(3).to_csv(sep="\t", index=False))


if __name__ == "__main__":
    main(sys.argv[1:])
