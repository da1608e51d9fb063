"""`waybridge contract`: a carrier's own contract, from .proto or server to a mapping."""
