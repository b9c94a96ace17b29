"""Participants and gaits of the demo study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.errors import AqbioError
from aqbio.force_plates.ground_reactions import Run
from aqbio.names import shipped
from aqbio.vectors import FloatArray, IntArray
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from aqbio.virtual.disturbances import Disturbances
from aqbio.virtual.gait import ROOT, Gait, Timeline
from aqbio.virtual.truth import FEET, run_truth

DATA = shipped("data/virtual_sprinters")
"""The demo study."""


@dataclass(frozen=True, slots=True)
class GaitName:
    """Identifier of a gait: participant, condition and speed."""

    participant: str
    condition: str
    """{"normal", "restricted_arms"}."""
    level: int
    """0 is the slowest speed."""

    def __str__(self) -> str:
        return f"{self.participant}/{self.condition}/{self.level}"


def load_library(path: Path, athletes: Mapping[str, Athlete]) -> dict[GaitName, Gait]:
    """Read solved gaits."""
    if not path.is_file():
        raise AqbioError(
            "the gait library does not exist.",
            file=str(path),
            fix="take it from the repository, or make it again there: "
            "python -m validation.gaits.regenerate",
            rule="file-missing",
        )
    with np.load(path, allow_pickle=False) as file:
        table = {name: file[name] for name in file.files}
    gaits = {}
    for index, text in enumerate(table["names"].tolist()):
        participant, condition, level = text.split("/")
        contact, flight, length = table["timeline"][index]
        athlete = athletes[participant]
        gaits[GaitName(participant, condition, int(level))] = Gait(
            athlete=athlete,
            timeline=Timeline(contact, flight, length),
            joints=_all_joints(athlete, table["joints"][index].astype(np.float64)),
            stance=table["stance"][index],
            flight=table["flight"][index],
            com=table["com"][index],
            drag=float(table["drag"][index]),
        )
    return gaits


def moved_joints(athlete: Athlete) -> IntArray:
    """Rows of a gait's joints that are not locked in the model."""
    moved: IntArray = athlete_skeleton(athlete).free[ROOT:] - ROOT
    return moved


def _all_joints(athlete: Athlete, moved: FloatArray) -> FloatArray:
    """Joints of a gait, locked ones at zero."""
    joints = np.zeros((len(athlete_skeleton(athlete).coordinates) - ROOT, moved.shape[1]))
    joints[moved_joints(athlete)] = moved
    return joints


SEED = 20260101
"""Seed of the demo study's disturbances."""

MIN_SPEED_MPS = 5.0
"""Lowest of the four speeds; the highest is the athlete's maximum."""

LEVELS = 4
"""Number of speeds in the normal condition."""

DISTURBANCES = Disturbances(
    marker_noise_m=0.0004,
    soft_tissue_m=0.005,
    force_noise_n=1.5,
    moment_noise_nm=0.3,
    plate_offset_n=2.0,
    clock_offset_s=0.001,
    gaps=4,
    gap_frames=6,
)
"""Disturbances of the demo's recordings."""


@dataclass(frozen=True, slots=True)
class Sprinter:
    """A participant of the demo study."""

    athlete: Athlete
    fastest: float
    """float, m/s."""

    @property
    def speeds(self) -> tuple[float, ...]:
        """Nominal speeds of the normal condition, m/s."""
        return tuple(round(float(v), 2) for v in np.linspace(MIN_SPEED_MPS, self.fastest, LEVELS))


SPRINTERS = (
    Sprinter(Athlete("V01", "female", 52.0, 1.60), 8.1),
    Sprinter(Athlete("V02", "male", 62.0, 1.70), 9.2),
    Sprinter(Athlete("V03", "female", 56.0, 1.65), 8.4),
    Sprinter(Athlete("V04", "male", 70.0, 1.76), 9.4),
    Sprinter(Athlete("V05", "female", 58.0, 1.68), 8.6),
    Sprinter(Athlete("V06", "male", 75.0, 1.80), 9.5),
    Sprinter(Athlete("V07", "female", 62.0, 1.72), 8.8),
    Sprinter(Athlete("V08", "male", 82.0, 1.86), 9.5),
    Sprinter(Athlete("V09", "female", 66.0, 1.76), 8.9),
    Sprinter(Athlete("V10", "male", 78.0, 1.83), 9.3),
    Sprinter(Athlete("V11", "female", 60.0, 1.70), 8.3),
    Sprinter(Athlete("V12", "male", 68.0, 1.74), 9.0),
)

GAITS = tuple(
    GaitName(sprinter.athlete.name, condition, level)
    for sprinter in SPRINTERS
    for condition, levels in (("normal", range(LEVELS)), ("restricted_arms", (LEVELS - 1,)))
    for level in levels
)
"""All gaits of the library."""


def sprinter(participant: str) -> Sprinter:
    """A participant by name."""
    return next(candidate for candidate in SPRINTERS if candidate.athlete.name == participant)


MIN_CONTACT_FORCE_N = 1e-3
"""Vertical force below which a foot counts as in the air: reached at the instant of touchdown."""


@dataclass(frozen=True, eq=False)
class DemoRun(Run):
    """Exact run of a virtual sprinter, as ideal cameras and plates would measure it."""

    contact_s: float
    flight_s: float
    """contact_s, flight_s: Duration of the first step's stance and flight, s."""


def demo_run(
    participant: str = "V06", level: int = 3, condition: str = "normal", *, rate: float = 1000.0
) -> DemoRun:
    """The first step of a gait of the demo study, and a little before and after it.

    Parameters
    ----------
    participant : str
        V01 to V12.
    level : int
        Speed: 0 is 5 m/s, 3 the athlete's highest.
    condition : {"normal", "restricted_arms"}
        Restricted arms at level 3 only.
    rate : float
        Frames per second, Hz.

    Raises
    ------
    AqbioError
        The demo study has no such gait.
    """
    athletes = {candidate.athlete.name: candidate.athlete for candidate in SPRINTERS}
    path = DATA / "gait_library.npz"
    gaits = load_library(path, athletes)
    name = GaitName(participant, condition, level)
    if name not in gaits:
        raise AqbioError(
            f"the demo study has no gait {name}.",
            file=str(path),
            fix=f"take one of {', '.join(map(str, gaits))}.",
            rule="demo-gait",
        )
    gait = gaits[name]
    contact, flight = float(gait.timeline.contact[0]), float(gait.timeline.flight[0])
    margin = 0.5 * flight
    time = np.arange(np.ceil(-margin * rate), np.floor((contact + flight + margin) * rate)) / rate
    truth = run_truth(gait, time)
    cop, free = truth.loads.cop(MIN_CONTACT_FORCE_N)
    touching = truth.loads.force[..., 1] >= MIN_CONTACT_FORCE_N
    return DemoRun(
        skeleton=gait.skeleton,
        time=time,
        q=truth.motion.q,
        u=truth.motion.u,
        udot=truth.motion.udot,
        feet=FEET,
        force=np.where(touching[..., None], truth.loads.force, 0.0),
        cop=cop,
        free_moment=free,
        on_ground=touching,
        contact_s=contact,
        flight_s=flight,
    )
