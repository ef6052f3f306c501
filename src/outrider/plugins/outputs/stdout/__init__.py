"""Records on standard output."""
