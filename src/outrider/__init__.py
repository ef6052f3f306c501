"""Outrider rides beside containers: it routes their logs, keeps them safe on the way, and shows them in one place.

Rooms, from the top of the house to the ground; imports point downwards only:

``cli``        the ``outrider`` command: argument parsing and printing
``export``     files that deploy all of this somewhere
``agent`` ``server`` ``taskdef`` ``launcher`` ``doctor``   the programs
``plugins``    inputs, filters and outputs of the pipeline
``pipeline``   chunks, filters, routes, retries, ledger, shutdown; the plugin contract and the registry
``ids``        intrusion detection: Suricata's rules
``aws``        AWS's services and what a machine says of itself there
``spool``      durable chunks on disk
``net``        the only adapters to the world: sockets, TLS, HTTP, files
``protocols``  sans-I/O machines: Forward, syslog, uplink
``formats``    languages on paper: configurations, JSON, msgpack, parsers, regular expressions, time formats
``model``      the words that everything uses: errors, tags, batches of records
"""

__version__ = "0.1.0"
