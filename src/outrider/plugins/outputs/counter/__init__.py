"""Prints how many records each chunk has."""
