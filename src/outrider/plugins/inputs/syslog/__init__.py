"""Syslog messages over TCP, UDP or unix sockets."""
