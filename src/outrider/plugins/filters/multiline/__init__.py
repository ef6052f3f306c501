"""Joins records that are lines or pieces of one message. Source: Fluent Bit 5.1.1, ``plugins/filter_multiline``."""
