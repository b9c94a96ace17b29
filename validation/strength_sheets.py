"""``python -m validation.strength_sheets FOLDER``: strengths of made-up athletes, with known truth.

Two sessions of four athletes, three attempts of each leg: one athlete with a weaker left leg, one
who trains it between the sessions, one who trains both, one in whom nothing is so.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.config import Participant
from aqbio.io.atomic import write_text

SESSIONS = ("before", "after")
ATTEMPT_SD = 0.05
"""Of the logarithm of one attempt."""

DAY_SD = 0.05
"""Of a test between days, of the logarithm of all its attempts."""

MOVEMENTS = {"hip_flexion": 160.0, "knee_extension": 220.0}
"""Mean moment of a movement, N m."""


@dataclass(frozen=True, slots=True)
class TrueStrength:
    """True strengths of an athlete, natural logarithms."""

    name: str
    left: float = 0.0
    """Of the left leg in the first session, over the right one."""
    left_gain: float = 0.0
    right_gain: float = 0.0
    """left_gain, right_gain: Change from the first to the second session."""

    def moment(self, movement: str, side: str, session: str) -> float:
        """True moment, N m."""
        change = {"left": self.left_gain, "right": self.right_gain}[side]
        ratio = (self.left if side == "left" else 0.0) + change * (session == SESSIONS[1])
        return MOVEMENTS[movement] * float(np.exp(ratio))


ATHLETES = (
    TrueStrength("weaker_left", left=-0.30),
    TrueStrength("trains_left", left=-0.30, left_gain=0.30),
    TrueStrength("trains_both", left_gain=0.25, right_gain=0.25),
    TrueStrength("nothing"),
)


def participants() -> list[Participant]:
    """Rows of participants.tsv: one per athlete and session."""
    return [
        Participant(
            participant_id=f"{athlete.name}_{session}", person=athlete.name, session=session
        )
        for athlete in ATHLETES
        for session in SESSIONS
    ]


def drawn_rows(random: np.random.Generator) -> Iterator[dict[str, object]]:
    """Yield rows of strength.tsv; the leg that begins is drawn."""
    for athlete in ATHLETES:
        for session in SESSIONS:
            for movement in MOVEMENTS:
                sides = list(random.permutation(["left", "right"]))
                day = {side: random.lognormal(0.0, DAY_SD) for side in sides}
                for attempt in (1, 2, 3):
                    for position, side in enumerate(sides):
                        true = athlete.moment(movement, side, session) * day[side]
                        yield {
                            "participant_id": athlete.name,
                            "session": session,
                            "side": side,
                            "movement": movement,
                            "contraction": "isometric",
                            "value": round(true * random.lognormal(0.0, ATTEMPT_SD), 1),
                            "unit": "N m",
                            "angle_deg": 90,
                            "attempt": attempt,
                            "order": 2 * (attempt - 1) + position + 1,
                            "device": "dynamometer",
                            "pain": "none",
                        }


def sheet(seed: int) -> str:
    """Text of strength.tsv."""
    rows = pd.DataFrame(drawn_rows(np.random.default_rng(seed)))
    return rows.to_csv(sep="\t", index=False, lineterminator="\n")


def main() -> None:
    """Write participants.tsv and strength.tsv into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    people = pd.DataFrame([row.model_dump() for row in participants()])
    text = people.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    write_text(options.folder / "participants.tsv", text)
    write_text(options.folder / "strength.tsv", sheet(options.seed))


if __name__ == "__main__":
    main()
