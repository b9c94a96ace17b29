"""
OpenSim files: which joint accelerates which
============================================

A moment at one joint accelerates all others, because bodies are coupled and the foot is held by the
ground. The matrix of one instant in the middle of a contact.
"""

import matplotlib.pyplot as plt

import aqbio

files = ("demo/V06.osim", "demo/V06_run.mot", "demo/V06_run_grf.mot")
induced = aqbio.induced(*files, contact="C2")
foot_held = aqbio.joint_contributions(*files).foot_held.sel(foot="right")
times = induced.time[foot_held]
middle = float(times.sel(time=times.quantile(0.25).item(), method="nearest"))

joints = ["hip_right", "knee_right", "ankle_right", "hip_left", "lumbar"]
moved = ["pelvis_tilt", "hip_flexion_r", "knee_angle_r", "hip_flexion_l", "lumbar_extension"]
matrix = induced.sel(time=middle, source=joints, coordinate=moved)
size = float(abs(matrix).max())
plt.imshow(matrix, cmap="RdBu_r", vmin=-size, vmax=size)
plt.xticks(range(len(moved)), moved, rotation=30, ha="right")
plt.yticks(range(len(joints)), [joint.replace("_", " ") for joint in joints])
plt.ylabel("Moment at")
plt.colorbar(label="Acceleration (rad/s²)")
plt.tight_layout()

# %%
# All sources together are the acceleration of the motion:
off = abs(induced.sum("source") - induced.measured).max()
print(f"at {middle:.3f} s; sums are off by {float(off):.0e} rad/s²")
