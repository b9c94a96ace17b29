"""Gaits that are solved once for all tests."""

from tests.virtual.conftest import gait_of

__all__ = ["gait_of"]
