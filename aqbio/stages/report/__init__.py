"""Stage report: the page from the tables."""
