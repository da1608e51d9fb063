"""A ledger in PostgreSQL, shared by replicas."""
