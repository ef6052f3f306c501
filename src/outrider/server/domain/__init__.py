"""What the server knows, without a disk or a socket: pure functions over values, the clock comes in as an argument.

``hosts``      a protected host and the state that the portal shows for it
``containers`` container names without what ECS adds to them
``severity``   the names of severities and their order
``query``      the search language: words, phrases, exclusions
``search``     a search for log records: range, filters, page
``histogram``  records over time, in bars of a round width
``durations``  ``15m``, ``24h``, ``7d`` and times of day
"""
