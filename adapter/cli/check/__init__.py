"""`waybridge check`: every fault before start, and the table of all answers."""
