"""Flows: packets that belong together, and the streams of TCP.

``flow``        one flow
``table``       all flows, with their time-outs
``tcp``         the state of a TCP connection
``stream``      the bytes of one side of it, put in order
"""
