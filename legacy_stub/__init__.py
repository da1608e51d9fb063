"""Plays the carrier's side over gRPC, for whatever contract the adapter was given."""
