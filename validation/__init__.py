"""Proof of the product by known truth; ``make validate`` is about its verdicts.

features, studies, verdicts
    studies of tables drawn by a seed, what is true in them, and how often verdicts are right
demo
    the demo study's verdicts beside the truth
gaits, recordings
    the generator of the gait library; motion with everything that a laboratory does to it
"""
