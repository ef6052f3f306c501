"""Keeps or drops records by regular expressions."""
