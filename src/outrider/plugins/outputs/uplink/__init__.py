"""Records to an Outrider server, exactly once: batches have ids, and count only when the server says durable."""
