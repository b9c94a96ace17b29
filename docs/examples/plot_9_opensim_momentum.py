"""
OpenSim files: angular momentum by part of the body
===================================================

A scaled model and the coordinates of inverse kinematics are enough: no study, no forces. The parts
of the body are recognised by the names in the model, or by how it stands.
"""

import matplotlib.pyplot as plt

import aqbio

momentum = aqbio.momentum("demo/V06.osim", "demo/V06_run.mot")
vertical = momentum.group_angular_momentum.sel(axis="y")

for part in momentum.group.values:
    plt.plot(momentum.time, vertical.sel(group=part), label=str(part).replace("_", " "))
plt.plot(momentum.time, vertical.sum("group"), "k--", label="whole body")
plt.xlabel("Time (s)")
plt.ylabel(f"Angular momentum, vertical axis ({vertical.units})")
plt.legend()

# %%
# Every segment has its own, and the mass of the body comes with it:
largest = abs(momentum.angular_momentum.sel(axis="z")).max("time")
print(f"{momentum.mass:.1f} kg; about the sideways axis the most: {largest.idxmax().item()!s}")
