"""Prints records as they pass."""
