"""Any HTTP server, as Fluent Bit's ``out_http``: a batch is the body of one request (``plugins/out_http``)."""
