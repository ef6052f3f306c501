"""Records over one TCP connection, as Fluent Bit's ``out_tcp`` (``plugins/out_tcp``)."""
