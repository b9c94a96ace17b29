"""Columns of the study's tables."""

from __future__ import annotations

from collections.abc import Sequence

from aqbio.gait.roles import RoleScheme
from aqbio.io.dictionary import Columns, columns


def step_table(items: Sequence[str]) -> Columns:
    """Columns of the table of steps.

    Parameters
    ----------
    items : sequence of str
        Groups, sides and total, from `aqbio.gait.roles.RoleScheme`.
    """
    return columns("steps", group=items)


STEPS = step_table(RoleScheme().items)
"""Columns under the declared roles."""

CONTRIBUTIONS = columns("contributions")
QUALITY = columns("quality")
UNCERTAINTY = {"trial_id": CONTRIBUTIONS["trial_id"]} | {
    name: words
    for name, words in columns("uncertainty").items()
    if name not in ("participant_id", "phase")
}
"""Of a participant's stance means, by trial and foot."""

FINDINGS = columns("findings")
TRIALS = columns("trials")
