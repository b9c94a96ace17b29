"""Names of the figures that stand with the verdicts: whoever links to one draws nothing."""

from __future__ import annotations

ATHLETES = "athletes"
LIMITER = "limiter"
PARTITION_RANKING = {"together": "partition_ranking", "split": "partition_ranking_arms"}
"""With the arms as one group, and with the arms one by one."""
RESTRICTED_ARMS = "restricted_arms"
SIDE_RATIO = "side_ratio"
SIGN_PATTERNS = "sign_patterns"
SPECIFICATION_CURVE = "specification_curve"
TIMING = "timing"

WITH_VERDICTS = (
    ATHLETES,
    *PARTITION_RANKING.values(),
    SIGN_PATTERNS,
    SPECIFICATION_CURVE,
    LIMITER,
    SIDE_RATIO,
    TIMING,
    RESTRICTED_ARMS,
)
"""In the order of the page."""
