"""
OpenSim files: what each joint causes of the ground force
=========================================================

Model, coordinates and ground reaction forces of one run. Each source has its own share of the
ground reaction at that instant, with the others held; together they are the measured force.
"""

import matplotlib.pyplot as plt

import aqbio

files = ("demo/V06.osim", "demo/V06_run.mot", "demo/V06_run_grf.mot")
contributions = aqbio.joint_contributions(*files, contact="C2")
vertical = contributions.force.sum("foot").sel(axis="y")

for joint in ("ankle_right", "knee_right", "hip_right", "gravity", "contact"):
    plt.plot(contributions.time, vertical.sel(source=joint), label=joint.replace("_", " "))
measured = contributions.measured_force.sum("foot").sel(axis="y")
plt.plot(contributions.time, measured, color="black", linewidth=0.8, label="measured")
plt.xlabel("Time (s)")
plt.ylabel(f"Vertical ground force ({vertical.units})")
plt.legend()

# %%
# The sum over the sources is the measured force, and every other sum closes too:
off = abs(contributions.force.sum("source") - contributions.measured_force).max()
print(f"off by {float(off):.0e} N; all sums: {contributions.closure:.0e} of their terms")
