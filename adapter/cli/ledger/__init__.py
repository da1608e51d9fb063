"""`waybridge ledger`: what operators read of the ledger, and write to it."""
