"""Secondary statistics: beside the verdicts, never instead of them."""

from aqbio.stats.secondary.row import Row
from aqbio.stats.secondary.rows import secondary_rows

__all__ = ["Row", "secondary_rows"]
