"""Why one captured push was taken, or was not."""
