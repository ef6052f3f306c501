"""Intrusion detection on paper: rules, packets, streams, protocols; bytes in, events out, no socket and no clock.

``engine``         frames in, events out
``capture``        capture files
``packets``        what stands in a frame
``flows``          packets that belong together, and TCP's streams
``rules``          Suricata's rule language, read into signatures
``apps``           what applications say
``detect``         signatures made ready, and looked for
``eve``            events as Suricata's EVE has them
``expressions``    regular expressions with a bound
``configuration``  what a Suricata configuration says that matters here
"""
