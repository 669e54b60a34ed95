"""Raw files -> clean events, quarantined rows, and an account of every row."""
