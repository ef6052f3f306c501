"""Syslog without sockets: ``format`` writes messages, ``framing`` finds them in a stream, ``parse`` reads them.

``names`` holds the words for severities and facilities. All of it is pure: bytes and times come in as arguments.
"""
