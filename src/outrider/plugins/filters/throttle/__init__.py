"""Drops records above a rate, by a sliding window."""
