"""The outputs, one package each."""
