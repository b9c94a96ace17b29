"""Version of the package, apart from its root, which imports every room for type checkers."""

__version__ = "0.3.0"
