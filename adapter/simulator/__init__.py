"""Plays WeChat's side: pushes in every mode and format, and the merchant's view."""
