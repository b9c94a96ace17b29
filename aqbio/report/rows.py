"""Rows of a table as dictionaries."""

from __future__ import annotations

from typing import Any

import pandas as pd


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries by column name.

    Examples
    --------
    >>> rows(pd.DataFrame({"trial_id": ["jog"], "contacts": [5]}))
    [{'trial_id': 'jog', 'contacts': 5}]
    """
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
