"""The log store on chDB, ClickHouse's engine, in a child process of its own.

``store``       what the server holds: starts, watches and restarts the child, and asks it
``child``       the process: one thread that follows the ingest log, a few that answer queries
``follower``    from the ingest log into the table, exactly once
``cursor``      how far that is, on disk
``schema``      the table and the engine's limits
``statements``  searches as SQL (pure)
``wire``        what parent and child say to each other

Only ``child`` and ``follower`` import the engine, and only in the child.
"""
