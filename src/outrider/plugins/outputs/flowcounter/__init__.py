"""Prints how many records and bytes come in each second, minute, hour or day."""
