"""Recordings as video would have made them, from solved ones, and what becomes of their momentum.

``python -m validation.video_siblings make STUDY FOLDER --seed 1`` writes the runs of a solved study
with Pose2Sim's names: joint centres of the participant's model, heels and toes, each with a bias
that is fixed in its segment and errors from frame to frame, drawn from the published ones. Put the
forces beside them, `aqbio new --from FOLDER`, run it, and ``compare STUDY SIBLING`` says in how
much of the stances the 95 % interval of the sibling's vertical momentum holds the marker-based one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from scipy.signal import butter, sosfiltfilt

from aqbio.body.priors import VIDEO_NOISE, VIDEO_SD
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.io.trc import write_trc
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import segment_poses
from aqbio.names import SIDES
from aqbio.vectors import FloatArray

SMOOTH = 10.0
"""Errors from frame to frame are low-passed here, Hz, as trackers smooth them."""

JOINTS = {"hip": "Hip", "knee": "Knee", "ankle": "Ankle", "shoulder": "Shoulder", "elbow": "Elbow"}
KIND = {
    "Hip": "thigh", "Knee": "thigh", "Ankle": "shank", "Heel": "foot", "BigToe": "toes",
    "SmallToe": "foot", "Shoulder": "upper_arm", "Elbow": "upper_arm", "Wrist": "forearm",
}  # fmt: skip
HEAD = {"Neck": (0.0, 0.0, 0.0), "Head": (0.0, 0.2, 0.0), "Nose": (0.1, 0.1, 0.0)}
"""Beyond the trunk's upper end, m."""

TOLERATED = 1.96
"""Standard deviations of a 95 % interval."""


def video_points(study: Study, person: str, trial: str, seed: int) -> xr.DataArray:
    """Points (time, point, axis) of a solved trial, m, ground axes, with errors of video."""
    rngs = np.random.default_rng(seed).spawn(2)  # biases are the same in all trials
    folder = study.folder(person, "scale")
    skeleton = load_skeleton(folder / f"{person}.skeleton.npz")
    solved = read_dataset(study.folder(person, "inverse_kinematics") / f"{trial}.nc")
    q, time = solved["q"].values, solved["time"].values
    poses, markers = segment_poses(skeleton, q), marker_positions(skeleton, q)
    points: dict[str, FloatArray] = {}
    joints = study.model_map.joints.by_name()
    for side in SIDES:
        letter = side[0].upper()
        for joint, name in JOINTS.items():
            body = skeleton.joints.index(joints[f"{joint}_{side}"])
            at, carrier = poses.joint_centre[:, body], int(skeleton.parent[body])
            points[letter + name] = _with_errors(at, poses.rotation[:, carrier], name, time, rngs)
        foot = study.marker_set.feet.left if side == "left" else study.marker_set.feet.right
        labels = {"Heel": foot.heel, "BigToe": foot.toe[0], "SmallToe": foot.toe[-1]}
        wrist = skeleton.bodies.index(study.model_map.groups[f"arm_{side}"][-1])
        places = {name: study.marker_set.model_name(label) for name, label in labels.items()}
        for name, marker in places.items():
            index = skeleton.markers.index(marker)
            turn = poses.rotation[:, skeleton.marker_body[index]]
            points[letter + name] = _with_errors(markers[:, index], turn, name, time, rngs)
        turn = poses.rotation[:, wrist]
        points[f"{letter}Wrist"] = _with_errors(poses.origin[:, wrist], turn, "Wrist", time, rngs)
    trunk = skeleton.bodies.index(study.model_map.groups["torso"][0])
    for name, beyond in HEAD.items():
        along = 2.0 * skeleton.com[trunk] + beyond
        at = poses.origin[:, trunk] + poses.rotation[:, trunk] @ along
        points[name] = _with_errors(at, poses.rotation[:, trunk], name, time, rngs)
    stacked = np.stack(list(points.values()), axis=1)
    return xr.DataArray(stacked, {"time": time, "point": list(points)}, ("time", "point", "axis"))


def _with_errors(
    at: FloatArray,
    turn: FloatArray,
    name: str,
    time: FloatArray,
    rngs: Sequence[np.random.Generator],
) -> FloatArray:
    bias = rngs[0].normal(0.0, VIDEO_SD[KIND.get(name, "torso")], 3)
    low = butter(2, SMOOTH * 2.0 * float(np.median(np.diff(time))), output="sos")
    noise = sosfiltfilt(low, rngs[1].normal(0.0, 1.0, at.shape), axis=0)
    return np.asarray(at + turn @ bias + VIDEO_NOISE * noise / noise.std())


def write_siblings(study: Study, folder: Path, seed: int) -> None:
    """Write every run of a study as a TRC file of video, in the axes of its laboratory."""
    folder.mkdir(parents=True, exist_ok=True)
    for person in (one.participant_id for one in study.participants):
        for trial in study.moving_of(person):
            points = video_points(study, person, trial.trial_id, seed)
            prepared = read_dataset(study.folder(person, "prepare") / f"{trial.trial_id}.nc")
            to_ground = np.reshape(prepared.attrs["lab_to_ground"], (3, 3))
            labels = tuple(map(str, points["point"].values))
            rate = float(prepared.attrs["marker_rate"])
            write_trc(folder / f"{trial.trial_id}.trc", labels, points.values @ to_ground, rate)


def covered(markers: Study, video: Study) -> Iterator[dict[str, object]]:
    """Share of each stance in which the video's interval holds the marker-based momentum."""
    person, other = (one.participants[0].participant_id for one in (markers, video))
    for trial in video.moving_of(other):
        ours, theirs = (
            read_dataset(one.folder(name, "contributions") / f"{trial.trial_id}.nc")
            for one, name in ((markers, person), (video, other))
        )
        for contact in range(theirs.sizes["contact"]):
            begin, end = (
                float(theirs[f"contact_{edge}"][contact]) for edge in ("touchdown", "toe_off")
            )
            at = begin + (end - begin) * theirs["knot"].values
            side = str(theirs["contact_foot"].values[contact])
            deviation = theirs["sd_angular_momentum"].sel(
                axis="y", phase="stance", stance_foot=side, sure_group="total"
            )
            here, there = (
                np.interp(at, one["time"], one["group_angular_momentum"].sel(axis="y").sum("group"))
                for one in (ours, theirs)
            )
            held = np.abs(here - there) <= TOLERATED * deviation.values
            inside = held.mean() if np.isfinite(deviation).all() else np.nan  # not observed
            off = float(np.sqrt(np.mean((here - there) ** 2)))
            yield {"trial": trial.trial_id, "stance": contact, "inside": inside, "rms": off}


def main() -> None:
    """Write siblings, or compare one with the study that it comes from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["make", "compare"])
    parser.add_argument("study", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.action == "make":
        write_siblings(load_study(options.study), options.other, options.seed)
    else:
        table = pd.DataFrame(covered(load_study(options.study), load_study(options.other)))
        print(table.round(3).to_string(index=False))
        print(f"inside in {table['inside'].mean():.0%}, {table['rms'].mean():.2f} kg m²/s apart")


if __name__ == "__main__":
    main()
