"""Stage consistency: what it reads, writes and says."""
