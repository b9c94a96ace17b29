"""
The interval of a difference
============================

Two numbers of one athlete share most of their errors: the same wrong body is in both. The draws of
a study are worlds, each with one set of errors for all steps; a difference is computed in every
world, and what both numbers share cancels.
"""

import matplotlib.pyplot as plt
import numpy as np

import aqbio

study = aqbio.open_study("demo")
draws = study.draws("V06", levels=["A"])
parts = ["push_side", "swing_side", "arms", "torso"]
right, left = (draws.side.values == side for side in ("right", "left"))

joint, independent = [], []
for part in parts:
    chosen = (draws.source == part) & (draws.statistic == "momentum_mean")
    momentum = draws.isel(outcome=np.flatnonzero(chosen)[0]).sel(axis="y")
    worlds = (momentum.deviation + momentum.value).values  # (draw, step)
    means = [worlds[:, foot].mean(axis=1) for foot in (right, left)]
    low, high = np.percentile(means[0] - means[1], [2.5, 97.5])
    print(
        f"{part}: right − left {np.mean(means[0] - means[1]):.2f} ({low:.2f} to {high:.2f}) kg m²/s"
    )
    joint.append((means[0] - means[1]).std())
    independent.append((means[0].var() + means[1].var()) ** 0.5)

positions = np.arange(len(parts))
plt.barh(positions - 0.2, independent, 0.4, label="added as if independent")
plt.barh(positions + 0.2, joint, 0.4, label="over joint draws")
plt.yticks(positions, [part.replace("_", " ") for part in parts])
plt.xlabel("Standard deviation of right − left (kg m²/s)")
plt.legend()
