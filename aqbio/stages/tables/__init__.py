"""Stage tables: the tables of the study from those of its participants."""
