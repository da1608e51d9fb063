"""HTTP in: what WeChat reaches."""
