"""Sans-I/O machines: bytes in, events out. One package a protocol, ``forward``, ``syslog`` and ``uplink``; sockets and
clocks stay outside.
"""
