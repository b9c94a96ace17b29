"""Recordings as other laboratories would label them, and whether they give the same momentum.

``python -m validation.siblings STUDY FOLDER --seed 1``: STUDY was run (``aqbio run STUDY``). In the
names of each family its trials are written again, without forces: markers where the recording has
the landmark, else where the calibrated body has it; joint centres with the published errors of
video where the family is of video. `aqbio new --from` reads them, the stages run, and the table
says in how many stances the 95 % interval of the vertical momentum holds what STUDY says.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.spatial.transform import Rotation

from aqbio.body.anatomy import BodyPoint, with_points
from aqbio.body.priors import LANDMARK_SD, SKIN_SD, VIDEO_NOISE, VIDEO_SD
from aqbio.intake.new import new_study_from
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.io.trc import write_trc
from aqbio.labels.by_name import landmark_table, named_labels
from aqbio.labels.template import standing_sprinter
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import NORMAL_95
from aqbio.stage_table import stage_module
from aqbio.vectors import FloatArray
from validation.without_plates import STAGES, compared, video_noise

VIDEO = """hip_centre:?Hip knee_centre:?Knee ankle_centre:?Ankle heel:?Heel toe:?BigToe
    mt5:?SmallToe shoulder_centre:?Shoulder elbow_centre:?Elbow wrist:?Wrist neck:Neck nose:Nose"""
PLUG_IN_GAIT = """asis:?ASI psis:?PSI knee_lateral:?KNE ankle_lateral:?ANK heel:?HEE mt2:?TOE c7:C7
    acromion:?SHO clavicle:CLAV sternum:STRN t10:T10 elbow_lateral:?ELB wrist_radial:?WRA
    wrist_ulnar:?WRB"""
FAMILIES = {
    "own": "",
    "Vicon Plug-in Gait": PLUG_IN_GAIT,
    "CGM 2": PLUG_IN_GAIT + " knee_medial:?KNM ankle_medial:?MED mt1:?FMH mt5:?VMH",
    "Qualisys": """asis:Waist?Front psis:Waist?Back knee_lateral:?KneeOut knee_medial:?KneeIn
        ankle_lateral:?AnkleOut ankle_medial:?AnkleIn heel:?HeelBack mt1:?ForefootIn
        mt5:?ForefootOut acromion:?ShoulderTop elbow_lateral:?ElbowOut elbow_medial:?ElbowIn
        wrist_radial:?WristIn wrist_ulnar:?WristOut c7:SpineTop sternum:Chest""",
    "OptiTrack": """asis:?IAS psis:?IPS knee_lateral:?FLE knee_medial:?FME ankle_lateral:?FAL
        ankle_medial:?TAM heel:?FCC mt1:?FM1 mt2:?FM2 mt5:?FM5 acromion:?CAJ elbow_lateral:?HLE
        elbow_medial:?HME wrist_radial:?RSP wrist_ulnar:?USP c7:CV7 clavicle:SJN sternum:SXS""",
    "CMU": """asis:?FWT psis:?BWT knee_lateral:?KNE ankle_lateral:?ANK heel:?HEE mt2:?TOE mt5:?MT5
        c7:C7 t10:T10 clavicle:CLAV sternum:STRN acromion:?SHO elbow_lateral:?ELB wrist_radial:?WRA
        wrist_ulnar:?WRB""",
    "Rizzoli": """asis:?IAS psis:?IPS knee_lateral:?LE knee_medial:?ME ankle_lateral:?LM
        ankle_medial:?MM heel:?CA mt1:?FM mt2:?SM mt5:?VM acromion:?SAE elbow_lateral:?HLE
        elbow_medial:?HME wrist_radial:?RS wrist_ulnar:?US c7:CV7 clavicle:SJN sternum:SXS""",
    "OpenCap": VIDEO + """ asis:?.ASIS_study psis:?.PSIS_study knee_lateral:?_knee_study
        knee_medial:?_mknee_study ankle_lateral:?_ankle_study ankle_medial:?_mankle_study
        heel:?_calc_study mt2:?_toe_study mt5:?_5meta_study acromion:?_shoulder_study
        elbow_lateral:?_lelbow_study elbow_medial:?_melbow_study wrist_radial:?_lwrist_study
        wrist_ulnar:?_mwrist_study c7:C7_study""",
    "Pose2Sim": VIDEO,
    "Theia, landmarks": VIDEO.replace("?", "?_"),
}  # fmt: skip
"""Labels by landmark: R or L where the side is marked ``?``. OpenCap and Pose2Sim know both."""

CARRIERS = {
    "pelvis": "pelvis", "torso": "torso", "head": "torso", "femur": "thigh", "tibia": "shank",
    "foot": "foot", "toes": "toes", "humerus": "upper_arm", "radius": "forearm",
    "clavicle": "torso",
}  # fmt: skip
"""Kind of segment, of which errors are known, by body of the sprint model."""

FEWEST = 3
"""Markers that show how a segment is posed in a static trial."""


def labels_of(family: str) -> dict[str, str]:
    """Label by place, ``right asis``, of a family's names."""
    labels: dict[str, str] = {}
    for landmark, label in (pair.split(":") for pair in FAMILIES[family].split()):
        landmark_name = landmark.replace("_", " ")
        sides = {"right": "R", "left": "L"} if "?" in label else {"": ""}
        labels |= {
            f"{s} {landmark_name}".strip(): label.replace("?", sign) for s, sign in sides.items()
        }
    return labels


def person_with_all_landmarks(study: Study, person: str) -> Skeleton:
    """The calibrated person with a point on every place of our sprint model, named after it."""
    table, sprinter = landmark_table(), standing_sprinter(landmark_table())
    factors = study.read_manifest(person, "scale")["factors"]
    landmark_names = {
        label: str(site)
        for label, site in named_labels(sprinter.markers, table).sites.items()
        if not table.landmarks[site.landmark].cluster
    }
    points = []
    for label, body, at in zip(
        sprinter.markers, sprinter.marker_body, sprinter.marker_position, strict=True
    ):
        segment = sprinter.bodies[body]
        if label not in landmark_names and " " not in label:  # a marker of a cluster
            continue
        position = np.array(at) * factors[segment]
        points.append(
            BodyPoint(landmark_names.get(label, label), segment, tuple(position.tolist()))
        )
    top = 2.0 * np.array(sprinter.com[sprinter.bodies.index("torso")]) * factors["torso"]
    for name, beyond in {"neck": (0.0, 0.0, 0.0), "nose": (0.1, 0.1, 0.0)}.items():
        points.append(BodyPoint(name, "torso", tuple((top + beyond).tolist())))
    bare = load_skeleton(study.folder(person, "scale") / f"{person}.skeleton.npz")
    no_bodies = np.zeros(0, dtype=np.int64)
    bare = replace(bare, markers=(), marker_body=no_bodies, marker_position=np.zeros((0, 3)))
    return with_points(bare, points)


def paths_of(
    study: Study, person: str, trial: str, body: Skeleton
) -> tuple[FloatArray, FloatArray]:
    """Places (T, K, 3) of a body's points in a trial, m, and the turns (T, K, 3, 3) they go with.

    In a static trial every segment is laid over its markers; NaN where too few show it.
    """
    solved = study.folder(person, "inverse_kinematics") / f"{trial}.nc"
    if solved.is_file():
        q = read_dataset(solved)["q"].values
        turns = segment_poses(body, q).rotation[:, body.marker_body]
        return marker_positions(body, q), turns
    worn = load_skeleton(study.folder(person, "scale") / f"{person}.skeleton.npz")
    prepared = read_dataset(study.folder(person, "prepare") / f"{trial}.nc")
    at = prepared["marker_raw"].reindex(marker=list(study.marker_set.markers)).median("time")
    names = [study.marker_set.model_name(str(label)) for label in at["marker"].values]
    medians = at.transpose("marker", "axis").values
    paths = np.full((1, len(body.markers), 3), np.nan)
    turns = np.full((1, len(body.markers), 3, 3), np.nan)
    for segment in range(len(body.bodies)):
        pairs = [
            (worn.marker_position[worn.markers.index(name)], position)
            for name, position in zip(names, medians, strict=True)
            if name in worn.markers
            and worn.marker_body[worn.markers.index(name)] == segment
            and np.isfinite(position).all()
        ]
        if len(pairs) < FEWEST:
            continue
        model, shown = (np.array(points_of) for points_of in zip(*pairs, strict=True))
        turn, _ = Rotation.align_vectors(shown - shown.mean(axis=0), model - model.mean(axis=0))
        points = body.marker_body == segment
        moved = turn.apply(body.marker_position[points] - model.mean(axis=0))
        paths[:, points] = moved + shown.mean(axis=0)
        turns[:, points] = turn.as_matrix()
    return paths, turns


def write_sibling(study: Study, person: str, family: str, folder: Path, seed: int) -> None:
    """Write every trial of a person with a family's names, in the axes of the laboratory."""
    body = person_with_all_landmarks(study, person)
    labels, table = labels_of(family), landmark_table()
    video = "nose" in labels
    rng = np.random.default_rng(seed)
    kinds = [
        CARRIERS.get(body.bodies[segment].split("_")[0], "forearm") for segment in body.marker_body
    ]
    sds = np.array([VIDEO_SD[kind] if video else LANDMARK_SD for kind in kinds])
    bias = rng.normal(0.0, 1.0, (len(body.markers), 3)) * sds[:, None]
    noises = [VIDEO_NOISE if video else SKIN_SD[kind] for kind in kinds]
    folder.mkdir(parents=True, exist_ok=True)
    for trial in (*study.moving_of(person), *filter(None, [study.static_of(person)])):
        is_static = trial.task == "static"
        if is_static and video:
            continue
        prepared = read_dataset(study.folder(person, "prepare") / f"{trial.trial_id}.nc")
        raw = prepared["marker_raw"].transpose("time", "marker", "axis")
        names = named_labels(map(str, raw["marker"].values), table).sites
        rate = float(prepared.attrs["marker_rate"])
        paths, turns = paths_of(study, person, trial.trial_id, body)
        count = raw.sizes["time"]
        edge = round(rate)  # the filter makes noise larger at its ends
        noise = video_noise((count + 2 * edge, *paths.shape[1:]), rate, rng)[edge:-edge]
        noise *= np.array(noises)[:, None]
        disturbed = paths + (turns @ bias[..., None])[..., 0] + (0.0 if is_static else noise)
        disturbed = np.broadcast_to(disturbed, (count, *paths.shape[1:]))
        written: dict[str, FloatArray] = {}
        if family == "own":
            written = {str(label): raw.sel(marker=label).values for label in raw["marker"].values}
        real = {} if video else {str(site): label for label, site in names.items()}
        for landmark_name, label in labels.items():
            if landmark_name in real:
                written[label] = raw.sel(marker=real[landmark_name]).values
            elif (
                landmark_name in body.markers
                and np.isfinite(path := disturbed[:, body.markers.index(landmark_name)]).any()
            ):
                written[label] = path
        to_ground = np.reshape(prepared.attrs["lab_to_ground"], (3, 3))
        stacked = np.stack(list(written.values()), axis=1)
        write_trc(folder / f"{trial.trial_id}.trc", tuple(written), stacked @ to_ground, rate)


def solved_sibling(study: Study, person: str, data: Path, folder: Path) -> Study | str:
    """The study that `aqbio new` makes of a sibling, worked through; what it asks for instead."""
    new_study_from(folder, data, None, lambda _: None)
    if "please_fill" in (text := (folder / "markers.yaml").read_text(encoding="utf-8")):
        return "asked: " + text.split("please_fill:")[1].split("markers:")[0].strip()
    person_row = study.participant(person)
    mass = study.read_manifest(person, "prepare")["mass_kg"]
    people = read_table(folder / "participants.tsv")
    facts = {
        "participant_id": person,
        "sex": person_row.sex,
        "mass_kg": mass,
        "height_m": person_row.height_m,
    }
    trials = read_table(folder / "trials.tsv")
    for table, name in ((people.assign(**facts), "participants"), (trials, "trials")):
        table["participant_id"] = person
        table = table.drop(columns=["found", "please_fill"], errors="ignore")
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, na_rep="n/a")
    settings = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    settings |= {"results": str(folder / "results"), "consistency": {"enabled": False}}
    (folder / "study.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    sibling = load_study(folder / "study.yaml")
    for stage in STAGES:
        getattr(stage_module(stage), f"{stage}_participant")(sibling, person, lambda _: None)
    return sibling


def momenta(study: Study, sibling: Study | str) -> Mapping[str, object]:
    """Errors of the total vertical momentum of stances, and their share within the interval."""
    if isinstance(sibling, str):
        return {"stances": 0, "why": sibling}
    rows = compared(study, sibling)
    rows = rows[rows["quantity"] == "H_y total"].dropna(subset=["error", "sd"])
    if rows.empty:
        return {"stances": 0, "why": "not given"}
    inside = rows["error"].abs() <= NORMAL_95 * rows["sd"]
    rms = float(np.sqrt((rows["error"] ** 2).mean()))
    return {"stances": len(rows), "inside": inside.sum(), "rms": rms, "sd": rows["sd"].mean()}


def main() -> None:
    """Make siblings of every family, work them through and print what becomes of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=list(FAMILIES))
    options = parser.parse_args()
    study, rows = load_study(options.study), {}
    for family in options.families:
        for person in study.participants:
            sibling_folder = options.folder / f"{family.replace(' ', '_')}-{options.seed}"
            write_sibling(
                study, person.participant_id, family, sibling_folder / "data", options.seed
            )
            sibling = solved_sibling(
                study, person.participant_id, sibling_folder / "data", sibling_folder / "study"
            )
            rows[family, person.participant_id] = momenta(study, sibling)
    table = pd.DataFrame(rows).T
    print(table.to_string())
    print(f"inside {table['inside'].sum() / table['stances'].sum():.0%}")


if __name__ == "__main__":
    main()
