"""One room a driver: ``chdb`` (the log store) and ``sqlite`` (hosts, tokens, users, audit).

Each serves one of the ports. An adapter never imports another.
"""
