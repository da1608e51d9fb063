"""For the people who run it: health, metrics and logs."""
