"""What applications say, taken apart into transactions.

``transaction``  a request and its answer, as rules and events see them
``detection``    which application a flow belongs to
``http``         HTTP/1
``dns``          DNS
``tls``          what TLS says before it is encrypted
"""
