"""The only adapters to the world: listeners, connections, TLS, HTTP, files, standard output.

``listen``   stream and datagram listeners that pause and drain
``unix_sockets``  unix sockets that take nobody's place
``seats``    places for connections: who gives one up when all are taken
``serve``    an HTTP listener
``connect``  client connections that say when the bytes have left
``upstream`` connections kept between batches and made anew when they are gone
``http``     HTTP requests over kept connections, and what an answer means for the records
``informed`` what a peer may say before its answer
``oauth2``   tokens by OAuth 2.0 client credentials
``uplink``   HTTPS to an Outrider server: first contact with a pinned authority, then mutual TLS
``tls``      TLS contexts, verified by default
``console``  standard output, shared
``descriptor``  bytes from a pipe, a terminal or a file
``ticker``   work at a steady rate
``probe``    whether somebody listens
``reach``    the steps to a peer, one by one: name server, name, connection, certificate, answer
``threads``  blocking calls that cannot hold up the end
``tail``     following files that others write, rotate and truncate
``files``    the file system as a configuration needs it
"""
