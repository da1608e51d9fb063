"""What `check` and `contract fetch` ask of a server: TLS, health, reflection."""
