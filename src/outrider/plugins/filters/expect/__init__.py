"""Checks that records are as expected."""
