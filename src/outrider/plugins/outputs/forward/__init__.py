"""Records to a peer that speaks Fluentd's Forward protocol."""
