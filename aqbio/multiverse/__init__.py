"""Steps under every specification of the multiverse."""
