"""Makes metrics of records."""
