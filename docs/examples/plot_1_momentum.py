"""
The angular momentum of one step
================================

Which way do legs, arms and torso turn while a foot is on the ground? Curves of every step are cut
and mirrored already: ``group`` holds parts of the body by their role in the step, positive about
``y`` is counter-clockwise seen from above.
"""

import matplotlib.pyplot as plt

import aqbio

study = aqbio.open_study("demo")
fast = study.curves.query(step="trial_id == 'speed4-01' and participant_id == 'V06'").isel(step=1)
momentum = fast.angular_momentum.sel(phase="stance", axis="y")

for part in ("push_leg", "swing_leg", "arms", "torso", "pelvis"):
    plt.plot(momentum.percent, momentum.sel(group=part), label=part.replace("_", " "))
plt.axhline(0, color="grey", linewidth=0.5)
plt.xlabel("Stance (%)")
plt.ylabel("Angular momentum, vertical axis (kg m²/s)")
plt.title(f"V06, step {int(fast.number)}, {float(fast.speed):.1f} m/s")
plt.legend()

# %%
# The parts add up to the whole body:
parts = momentum.sel(group=["push_leg", "swing_leg", "arms", "torso", "pelvis"]).sum("group")
print(
    f"off by {float(abs(parts - momentum.sel(group='total')).max()):.4f} kg m²/s (stored to 0.0001)"
)
