"""The steps; never edited once released."""
