"""Detection: signatures made ready, and looked for in packets and streams.

``search``      steps of one buffer, as closures that go back where a later step fails
``reads``       numbers in buffers
``transforms``  what is done to a buffer first
``patterns``    many patterns in one pass
``tests``       conditions of packets and flows, as closures
``rule``        a signature made ready
``states``      bits and numbers that rules keep, and thresholds
``detector``    which rules match a packet
"""
