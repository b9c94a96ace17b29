"""Compute how masses of segments differ between people, from the public tables of ANSUR II.

    python scripts/segment_masses.py FOLDER

FOLDER as of ``scripts/body_sizes.py``. A segment's volume follows from its girths, breadths and
length as that of cones or of an ellipsoid; its share of the body's mass is proportional to volume
over mass, and the standard deviation of that logarithm is written, by sex, into
``aqbio/body/segment_masses.json``, with the radius of gyration of the trunk about its long axis, by
ellipses at shoulders, chest and waist. Means are those of published tables (`aqbio.body.de_leva`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

from body_sizes import FARTHEST, MAD_TO_SD

TARGET = Path(__file__).parents[1] / "aqbio" / "body" / "segment_masses.json"

CONE = "({0}**2 + {0} * {1} + {1}**2) * ({2})"
"""Volume of a truncated cone by its two girths and its length, but for a factor."""

VOLUMES = {
    "thigh": CONE.format(
        "thighcircumference",
        "lowerthighcircumference",
        "trochanterionheight - lateralfemoralepicondyleheight",
    ),
    "shank": CONE.format(
        "calfcircumference",
        "anklecircumference",
        "lateralfemoralepicondyleheight - lateralmalleolusheight",
    ),
    "foot": "footlength * footbreadthhorizontal * lateralmalleolusheight",
    "upper_arm": "bicepscircumferenceflexed**2 * acromionradialelength",
    "forearm": CONE.format(
        "forearmcircumferenceflexed", "wristcircumference", "radialestylionlength"
    ),
    "hand": "handcircumference**2 * handlength",
}
"""Volumes of segments, but for a factor, by columns of the tables."""

TRUNK = (
    ("biacromialbreadth", "chestdepth"), ("chestbreadth", "chestdepth"),
    ("waistbreadth", "waistdepth"),
)  # fmt: skip
"""Breadths and depths of the trunk, from above."""

DIGITS = 3


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """Logarithms of volume over mass; rows with mistakes left out."""
    logs = pd.DataFrame(
        {name: np.log(table.eval(volume) / table["weightkg"]) for name, volume in VOLUMES.items()}
    )
    deviation = (logs - logs.median()).abs()
    return logs[(deviation <= FARTHEST * MAD_TO_SD * deviation.median()).all(axis=1)]


def trunk_gyration(table: pd.DataFrame) -> pd.Series:
    """Radius of gyration of every trunk about its long axis, m: elliptic slices of one height."""
    axes = [(table[breadth] / 1e3, table[depth] / 1e3) for breadth, depth in TRUNK]
    square = sum(b * d * (b**2 + d**2) / 16.0 for b, d in axes) / sum(b * d for b, d in axes)
    return np.sqrt(square)


def main() -> None:
    """Write the statistics of both sexes."""
    content: dict[str, object] = {
        "source": "Gordon CC et al. (2014), 2012 Anthropometric Survey of US Army Personnel "
        "(ANSUR II), NATICK/TR-15/007; computed by scripts/segment_masses.py",
        "volumes": VOLUMES,
        "units": "standard deviation of the logarithm of a segment's share of the body's mass",
    }
    for sex in ("male", "female"):
        table = pd.read_csv(Path(sys.argv[1]) / f"ansur2_{sex}.csv.gz")
        logs, gyration = shares(table), trunk_gyration(table)
        content[sex] = {
            "people": len(logs),
            "sd": {name: round(float(sd), DIGITS) for name, sd in logs.std().items()},
            "trunk_gyration_m": {
                "mean": round(float(gyration.mean()), DIGITS),
                "largest": round(float(gyration.max()), DIGITS),
            },
        }
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
