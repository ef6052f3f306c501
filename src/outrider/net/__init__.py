"""The only adapters to the world: listeners, connections, TLS, files of a configuration.

``listen``   stream and datagram listeners that pause and drain
``connect``  client connections that say when the bytes have left
``tls``      TLS contexts, verified by default
``files``    the file system as a configuration needs it
"""
