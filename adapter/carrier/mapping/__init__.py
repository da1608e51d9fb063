"""Words to words: the mapping table between a push and a carrier's contract."""
