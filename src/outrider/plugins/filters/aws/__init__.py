"""Adds fields that say which machine a record comes from."""
