"""
A figure for a journal
======================

The numbers behind every figure of a study are tables. Here the first one is drawn again in one
column's width: 85 mm, 8 point.
"""

import matplotlib.pyplot as plt

import aqbio

study = aqbio.open_study("demo")
print(sorted(study.figures))
rows = study.figures["angular_momentum"]
rows = rows[(rows["phase"] == "stance") & (rows["speed_mps"] == rows["speed_mps"].max())]

style = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}
lines = {"push_side": ("#0072B2", "-"), "swing_side": ("#D55E00", "--"), "total": ("black", ":")}
with plt.rc_context(style):
    figure, axis = plt.subplots(figsize=(85 / 25.4, 60 / 25.4), layout="constrained")
    for name, (colour, dashes) in lines.items():
        curve = rows[rows["line"] == name]
        axis.plot(
            curve["percent"], curve["mean"], dashes, color=colour, label=name.replace("_", " ")
        )
        axis.fill_between(curve["percent"], curve["low"], curve["high"], color=colour, alpha=0.2)
    axis.set(xlabel="Stance (%)", ylabel="Angular momentum (kg m²/s)")
    axis.legend(frameon=False)
figure.savefig("angular_momentum.pdf")
