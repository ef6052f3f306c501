"""Parses a field of each record. Source: Fluent Bit 5.1.1, ``plugins/filter_parser``."""
