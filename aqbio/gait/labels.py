"""Values by labels: what xarray's selections give, without what these cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr


def labels(data: xr.Dataset, dimension: str) -> list[str]:
    """Labels along a dimension."""
    return [str(one) for one in data.get_index(dimension)]


def picked(data: xr.Dataset, name: str, **chosen: str | Sequence[str]) -> FloatArray:
    """Values of a variable at labels: one label removes its dimension, several reorder it.

    A view of the data where only single labels are chosen.
    """
    variable = data.variables[name]
    values, dimensions = variable.values, [str(one) for one in variable.dims]
    for dimension, wanted in chosen.items():
        known, axis = labels(data, dimension), dimensions.index(dimension)
        place: int | list[int]
        if isinstance(wanted, str):
            place = known.index(wanted)
            dimensions.remove(dimension)
        else:
            place = [known.index(one) for one in wanted]
        index: tuple[Any, ...] = (*(slice(None),) * axis, place)
        values = values[index]
    return values
