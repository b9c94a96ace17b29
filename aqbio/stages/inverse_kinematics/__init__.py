"""Stage solve: what it reads, writes and says about a trial."""
