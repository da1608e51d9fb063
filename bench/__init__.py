"""Measures what one push costs: `make bench`."""
