"""Syslog without sockets: ``format`` writes messages, ``framing`` finds them in a stream, ``parse`` reads them.

``dates`` reads the times that devices write, ``structured`` the structured data of RFC 5424, ``records`` makes a line
a record with the members that Fluent Bit's parsers name. ``names`` holds the words for severities and facilities.
All of it is pure: bytes and times come in as arguments.
"""
