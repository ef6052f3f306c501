"""Adds fields to records, or removes them."""
