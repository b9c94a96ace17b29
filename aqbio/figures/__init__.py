"""Figure objects; nothing is computed here."""
