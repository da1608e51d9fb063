"""gRPC out: any carrier's contract as a descriptor set plus a mapping table."""
