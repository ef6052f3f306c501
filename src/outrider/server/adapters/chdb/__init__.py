"""The log store on chDB, ClickHouse's engine, in a child process of its own.

``store``       what the server holds: starts, watches and restarts the child, and asks it
``child``       the process: one thread that follows the ingest log, a few that answer queries
``follower``    from the ingest log into the table, exactly once
``insert``      one insert, and what its failure says about its content
``aside``       batches that the engine does not take, kept as files
``cursor``      how far that is, on disk
``schema``      the table and the engine's limits
``statements``  searches as SQL (pure)
``wire``        what parent and child say to each other

Only ``child`` imports the engine.
"""
