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
    """Values of a variable at labels.

    Parameters
    ----------
    **chosen : str or sequence of str
        By dimension: one label, whose dimension goes, or several, which are in this order then.

    Returns
    -------
    array
        Its other dimensions in their order; a view where only single labels are chosen.

    Raises
    ------
    ValueError
        There is no such label, or the variable does not have the dimension.

    Examples
    --------
    >>> import xarray as xr
    >>> dimensions = {"group": ["arms", "torso", "legs"], "axis": ["x", "y"]}
    >>> values = (tuple(dimensions), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> data = xr.Dataset({"momentum": values}, coords=dimensions)
    >>> picked(data, "momentum", axis="y", group=["legs", "arms"]).tolist()
    [6.0, 2.0]
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
