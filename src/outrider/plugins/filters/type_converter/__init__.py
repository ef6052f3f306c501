"""Adds fields whose values are those of other fields in another type."""
