"""One run of the demo study as plain arrays, exactly as it was made: no files, no noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.errors import AqbioError
from aqbio.force_plates.ground_reactions import Run
from aqbio.virtual.demo import SPRINTERS
from aqbio.virtual.library import DATA, GaitName, load_library
from aqbio.virtual.truth import FEET, run_truth

TOUCH = 1e-3
"""Vertical force below which a foot is in the air, N: at the very instant of touchdown."""


@dataclass(frozen=True, eq=False)
class DemoRun(Run):
    """A run of a virtual sprinter: what motion capture and force plates would measure exactly."""

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
    athletes = {one.athlete.name: one.athlete for one in SPRINTERS}
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
    cop, free = truth.loads.cop(TOUCH)
    touching = truth.loads.force[..., 1] >= TOUCH
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
