"""From steps to verdicts: evidence of a study, arms, and the tables to audit them."""
