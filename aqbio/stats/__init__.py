"""Hypotheses: statistics, registry and verdicts; tables in, tables out."""
