"""The memory of each cancellation: in process, in an SQLite file, or in PostgreSQL."""
