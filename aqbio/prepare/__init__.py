"""Recordings as the analysis needs them: axes, plates, gaps, events, contacts; stage prepare."""
