"""Puts fields into a map, or lifts them out of one."""
