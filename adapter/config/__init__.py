"""How a configuration becomes settings, and how every fault of it is named."""
