"""Whether a TCP service can be reached."""
