"""The page that people look at: words and tables from the study's results."""
