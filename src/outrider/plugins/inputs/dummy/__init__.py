"""Records made up at a steady rate, for trying things out."""
