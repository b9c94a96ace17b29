"""Expected errors, by the name of their rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from aqbio.errors import AqbioError


@contextmanager
def refused(
    rule: str, match: str | None = None, error: type[Exception] = AqbioError
) -> Iterator[pytest.ExceptionInfo]:
    """Expect an error of a rule whose words match a pattern."""
    with pytest.raises(error, match=match) as caught:
        yield caught
    assert caught.value.rule == rule
    causes, cause = [], caught.value
    while cause is not None:  # of an error that is its own cause `contained` would find no end
        assert cause not in causes
        causes, cause = [*causes, cause], cause.__cause__
