"""The beginning of a file, again and again."""
