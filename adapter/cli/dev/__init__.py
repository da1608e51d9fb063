"""`waybridge dev`: the whole road on this machine."""
