"""Sans-I/O machines: bytes in, events out. One package a protocol; sockets and clocks stay outside."""
