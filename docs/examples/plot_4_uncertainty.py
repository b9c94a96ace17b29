"""
Sources of an interval
======================

Every stance mean has a standard deviation by source: how the body's mass is distributed, where
joints are, plates, markers, the clock. Squares add up.
"""

import matplotlib.pyplot as plt

import aqbio

study = aqbio.open_study("demo")
trial = study.trial("V06", "speed4-01")
chosen = (
    (trial.outcome_level == "A")
    & (trial.outcome_source == "swing_leg")
    & (trial.outcome_statistic == "momentum_mean")
).values
sd = trial.interval_sd.isel(outcome=chosen).squeeze("outcome").sel(axis="y")
sources = trial.uncertainty_source.values
for foot, shift in (("left", -0.2), ("right", 0.2)):
    positions = [number + shift for number in range(len(sources))]
    plt.barh(positions, sd.sel(stance_foot=foot), 0.4, label=f"{foot} stance")
plt.yticks(range(len(sources)), sources)
plt.xlabel("Standard deviation of the swing leg's mean momentum (kg m²/s)")
plt.legend()
total = float((sd.sel(stance_foot="right") ** 2).sum() ** 0.5)
print(f"all sources: {total:.3f} kg m²/s; 95 % interval ± {1.96 * total:.3f}")
