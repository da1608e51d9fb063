"""gRPC out: the channel, its credentials, its limits, and the client that calls."""
