"""Compute what is believed of body sizes from the public tables of ANSUR II.

    python scripts/body_sizes.py FOLDER

FOLDER holds ``ansur2_male.csv.gz`` and ``ansur2_female.csv.gz``, the public working databases of
the 2012 US Army Anthropometric Survey (Gordon CC et al. 2014, NATICK/TR-15/007), millimetres and
tenths of a kilogram. Writes ``aqbio/body/body_sizes.json``: means and covariances of the logarithms
of sizes, stature and mass. The tables themselves stay where they are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

TARGET = Path(__file__).parents[1] / "aqbio" / "body" / "body_sizes.json"

SIZES = {
    "pelvis_depth": "buttockdepth",
    "pelvis_height": "iliocristaleheight - trochanterionheight",
    "pelvis_breadth": "bicristalbreadth",
    "torso_depth": "chestdepth",
    "torso_height": "acromialheight - iliocristaleheight",
    "torso_breadth": "biacromialbreadth",
    "thigh_length": "trochanterionheight - lateralfemoralepicondyleheight",
    "thigh_girth": "lowerthighcircumference",
    "shank_length": "lateralfemoralepicondyleheight - lateralmalleolusheight",
    "shank_girth": "anklecircumference",
    "malleolar_breadth": "bimalleolarbreadth",
    "foot_length": "balloffootlength",
    "foot_height": "lateralmalleolusheight",
    "foot_breadth": "footbreadthhorizontal",
    "toes_length": "footlength - balloffootlength",
    "upper_arm_length": "acromionradialelength",
    "upper_arm_girth": "bicepscircumferenceflexed",
    "forearm_length": "radialestylionlength",
    "forearm_girth": "wristcircumference",
    "stature": "stature",
    "mass": "weightkg",
}
"""Measures between bony landmarks, and how the tables' columns make them."""

MILLIMETRES_A_METRE, TENTHS_A_KILOGRAM = 1000.0, 10.0
FARTHEST = 5.0
"""Rows with a measure farther from the median, in robust standard deviations, are mistakes."""
MAD_TO_SD = 1.4826
DIGITS = 6


def logarithms(table: pd.DataFrame) -> pd.DataFrame:
    """Logarithms of all sizes, m and kg; rows with mistakes left out."""
    sizes = pd.DataFrame({name: table.eval(column) for name, column in SIZES.items()})
    sizes /= MILLIMETRES_A_METRE
    sizes["mass"] *= MILLIMETRES_A_METRE / TENTHS_A_KILOGRAM
    logs = np.log(sizes[(sizes > 0).all(axis=1)])
    deviation = (logs - logs.median()).abs()
    sound = (deviation <= FARTHEST * MAD_TO_SD * deviation.median()).all(axis=1)
    return logs[sound]


def statistics(folder: Path, sex: str) -> dict[str, object]:
    """Number of people, means and covariance for one sex."""
    logs = logarithms(pd.read_csv(folder / f"ansur2_{sex}.csv.gz"))
    return {
        "people": len(logs),
        "mean": [rounded(value) for value in logs.mean()],
        "covariance": [[rounded(value) for value in row] for row in logs.cov().to_numpy()],
    }


def rounded(value: float) -> float:
    """Give as many digits as people of this number determine."""
    return float(f"{value:.{DIGITS}g}")


def main() -> None:
    """Write the statistics of both sexes."""
    folder = Path(sys.argv[1])
    content = {
        "source": "Gordon CC et al. (2014), 2012 Anthropometric Survey of US Army Personnel "
        "(ANSUR II), NATICK/TR-15/007; computed by scripts/body_sizes.py",
        "sizes": SIZES,
        "units": "natural logarithms of m, mass of kg",
        **{sex: statistics(folder, sex) for sex in ("male", "female")},
    }
    text = json.dumps(content, indent=1)
    TARGET.write_text(
        text.replace(",\n    ", ", ").replace("\n   ", "\n  ") + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
