"""Adds, removes, renames, copies and moves fields, by rules and conditions."""
