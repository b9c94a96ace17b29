"""Uncertainty of contributions: draws of body, plates and markers."""
