"""
A contrast of two conditions
============================

Sprints with and without the swing of the arms: what takes over what the arms carried? Differences
of each athlete's means. Two athletes show how it is done; they are no evidence.
"""

import matplotlib.pyplot as plt

import aqbio

study = aqbio.open_study("demo")
fast = study.curves.query(step="trial_id in ['speed4-01', 'restricted-01']")
means = fast.angular_momentum.sel(phase="stance", axis="y").mean("percent")
parts = ["push_leg", "swing_leg", "arms", "torso", "pelvis"]
table = means.sel(group=parts).to_dataframe().reset_index()
table = table.groupby(["participant_id", "condition", "group"])["angular_momentum"].mean()
change = table.unstack("condition")
change = (change["restricted_arms"] - change["normal"]).unstack("participant_id").loc[parts]
print(change.round(2))

change.plot.barh()
plt.axvline(0, color="grey", linewidth=0.5)
plt.xlabel("Restricted − normal: mean angular momentum in stance (kg m²/s)")
plt.ylabel("")
plt.tight_layout()
