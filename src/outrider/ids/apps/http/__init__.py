"""HTTP/1, read as leniently as the most lenient of clients and servers.

``head``         lines of a head, and what they say
``uri``          a request's target, as written and in its plain form
``body``         bodies: chunks and compression undone
``transaction``  a request and its answer: buffers and events
``parser``       both directions of a connection
"""
