"""Changes one field: of processors in YAML, and as a filter."""
