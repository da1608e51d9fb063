"""`waybridge explain`: one captured push, step by step."""
