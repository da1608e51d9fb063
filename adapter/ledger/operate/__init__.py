"""What operators do to a ledger: migrate, prune, settle, back up, restore, copy, accept."""
