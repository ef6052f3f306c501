"""Records from standard input: JSON, or lines through a parser; its end is the pipeline's."""
