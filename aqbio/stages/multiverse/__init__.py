"""Stage evidence: one trial under the study's own settings and under every specification."""
