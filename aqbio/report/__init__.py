"""Reportlets and the page that they make."""
