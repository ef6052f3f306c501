"""Records by Fluentd's Forward protocol, over TCP or a unix socket."""
