"""The lines that a command prints."""
