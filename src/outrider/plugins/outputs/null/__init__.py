"""Takes everything and keeps nothing."""
