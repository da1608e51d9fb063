"""What a carrier speaks: its descriptor set, and the fields in it."""
