"""
Without force plates
====================

Who carries angular momentum needs no force: it follows from the motion alone. The mean vertical
force follows from body weight and times. What causes the rotation cannot be had without plates.
"""

import matplotlib.pyplot as plt
import numpy as np

import aqbio

study = aqbio.open_study("demo")
run, trial = study.run("V06", "speed4-01"), study.trial("V06", "speed4-01")
moved = aqbio.spline_motion(run.skeleton, run.time, run.q)
kinematics = aqbio.segment_kinematics(run.skeleton, moved.q, moved.u, moved.udot)
motion = aqbio.segment_motion(run.skeleton, kinematics)
no_force = np.zeros_like(run.force)
loads = aqbio.ground_reactions(run.feet, no_force, no_force, no_force[..., 0])
level_a = aqbio.level_a(motion, loads, gravity=run.skeleton.gravity)
parts = aqbio.membership(study.anatomy.groups, run.skeleton.bodies)
momentum = aqbio.group_sum(level_a.momentum, parts)[:, list(study.anatomy.groups).index("leg_left")]

plt.plot(run.time, momentum[:, 1], label="left leg, no plates")
measured = trial.group_angular_momentum.sel(group="leg_left", axis="y")
plt.plot(trial.time, measured, "--", label="left leg, the study's")
plt.xlabel("Time (s)")
plt.ylabel("Angular momentum, vertical axis (kg m²/s)")
plt.legend()

# %%
# Mean vertical force in body weights from the times of a step, and by the plates:
steps = study.tables["steps"]
steps = steps[steps["status"] == "ok"]
expected = (steps["contact_s"] + steps["flight_s"]) / steps["contact_s"]
off = steps["mean_vertical_force_bw"] - expected
print(f"{len(steps)} steps: plates − times {off.mean():.3f} ± {off.std():.3f} BW")
