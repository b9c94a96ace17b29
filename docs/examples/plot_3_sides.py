"""
Left against right
==================

Steps on the left and on the right foot of one athlete, by name, from the table of steps.
"""

import matplotlib.pyplot as plt

import aqbio

study = aqbio.open_study("demo")
steps = study.tables["steps"]
complete = steps[(steps["participant_id"] == "V06") & (steps["status"] == "ok")]
columns = {
    "contact_s": "Contact (s)",
    "mean_vertical_force_bw": "Vertical force (BW)",
    "H_swing_leg_y_stance_mean_kgm2ps": "Swing leg (kg m²/s)",
}
print(complete.groupby(["trial_id", "side"])[list(columns)].mean().round(3).to_string())

figure, axes = plt.subplots(1, 3, figsize=(9, 3), layout="constrained")
for axis, (column, label) in zip(axes, columns.items(), strict=True):
    for side, colour in (("left", "#E69F00"), ("right", "#009E73")):
        of_side = complete[complete["side"] == side]
        axis.plot(of_side["speed_mps"], of_side[column], "o", color=colour, label=side)
    axis.set(xlabel="Speed (m/s)", title=label)
axes[0].legend(title="Stance foot")
