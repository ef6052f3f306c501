"""Records as syslog messages over UDP, TCP or TLS."""
