"""JSON values or lines over a unix socket."""
