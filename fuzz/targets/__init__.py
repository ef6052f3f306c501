"""The targets; importing this package makes all of them known to ``fuzz.target.TARGETS``.

``answers``  what servers answer: bulk requests, AWS, metadata, tokens
``config``   configurations, values of options, task definitions
``forward``  the Forward protocol and msgpack
``ids``      rules, packets and protocols of intrusion detection
``lines``    inputs of lines and JSON: tcp, udp, stdin, http, tail
``outputs``  whatever a record may hold, in every form that outputs write
``parsers``  parsers, times, decoders, multiline
``stored``   what is read back from disk
``syslog``   syslog: framing, messages, records
``tasks``    task definitions in the files where they are kept
``uplink``   between agent and server
"""

from fuzz.targets import answers, config, forward, ids, lines, outputs, parsers, stored, syslog, tasks, uplink

__all__ = ["answers", "config", "forward", "ids", "lines", "outputs", "parsers", "stored", "syslog", "tasks", "uplink"]
