"""Random numbers, for trying things out."""
