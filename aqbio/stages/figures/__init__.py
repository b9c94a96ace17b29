"""Stage figures: which trials and tables are drawn."""
