"""
Before and after the consistency fit
====================================

Markers and force plates of a sprint contradict each other. What forces and motion leave
unexplained, before and after both were made to obey Newton and Euler. A small residual after a
fit is no evidence that the data are good.
"""

import matplotlib.pyplot as plt

import aqbio

study = aqbio.open_study("demo")
trial = study.trial("V06", "speed4-01")
names = {"residual_moment_plain": "before the fit", "residual_moment": "after the fit"}
for name, label in names.items():
    measured = trial[name].sel(axis="z").where(trial.forces_fitted)
    plt.plot(trial.time, measured, label=label)
for contact in range(trial.sizes["contact"]):
    ends = (trial.contact_touchdown[contact], trial.contact_toe_off[contact])
    plt.axvspan(*map(float, ends), color="0.92")
plt.xlabel("Time (s); grey: a foot is on the ground")
plt.ylabel("Unexplained moment, sagittal plane (N m)")
plt.legend()

moved = trial.group_angular_momentum - trial.group_angular_momentum_plain
print("largest change of any part's momentum:", round(float(abs(moved).max()), 2), "kg m²/s")
