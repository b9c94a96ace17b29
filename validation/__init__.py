"""Proof that the verdicts are right in worlds whose truth is known: ``make validate``."""
