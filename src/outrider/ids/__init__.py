"""Intrusion detection on paper: rules, packets, streams, protocols; bytes in, events out, no socket and no clock.

``rules``          Suricata's rule language, read into signatures
``expressions``    regular expressions with a bound
``configuration``  what a Suricata configuration says of variables
"""
