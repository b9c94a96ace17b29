"""Stage hypotheses: from steps to verdicts, and the tables to audit them."""
