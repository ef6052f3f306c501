"""The inputs, one package each."""
