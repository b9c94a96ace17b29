"""One trial under the study's own settings and under every arm of the multiverse."""
