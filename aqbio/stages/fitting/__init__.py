"""Parts of stage consistency: what it reads, writes and says."""
