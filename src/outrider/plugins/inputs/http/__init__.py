"""Records as JSON or form data over HTTP, as Fluent Bit's ``http``; answered when they are accepted."""
