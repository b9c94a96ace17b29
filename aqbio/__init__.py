"""Push-side and swing-side rotational contributions in sprinting."""

__version__ = "0.1.0"
