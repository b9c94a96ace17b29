"""
A partition of your own
=======================

Do push and swing side oppose each other more than legs and upper body? Any division is a choice
of groups. Minus the cosine of the momenta of its sides over stance is 1 where one side is at
every instant a mirror of the other.
"""

import matplotlib.pyplot as plt

import aqbio

study = aqbio.open_study("demo")
momentum = study.curves.angular_momentum.sel(phase="stance", axis="y")
parts = ["push_leg", "swing_leg", "arms", "torso", "pelvis"]


def opposition(side):
    """Minus the cosine of one side's momentum and that of all the rest, of every step."""
    of_side = momentum.sel(group=side).sum("group")
    rest = momentum.sel(group=[name for name in parts if name not in side]).sum("group")
    size = ((of_side**2).sum("percent") * (rest**2).sum("percent")) ** 0.5
    return -(of_side * rest).sum("percent") / size


divisions = {
    "swing leg | the rest": ["swing_leg"],
    "both legs | the rest": ["push_leg", "swing_leg"],
    "arms | the rest": ["arms"],
    "push leg | the rest": ["push_leg"],
}
values = [opposition(side) for side in divisions.values()]
plt.boxplot(values, tick_labels=list(divisions), orientation="horizontal")
plt.xlabel("Minus the cosine of both sides (1: opposed throughout)")
plt.tight_layout()
