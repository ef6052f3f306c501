"""The server: takes batches from agents, keeps them, and shows them.

``domain``    host states, the search language, severities (pure)
``ports``     what the rest needs from a store, as protocols
``pki``       the certificate authority: the server's certificate and the agents'
``ingest``    the fsynced log between an agent's batch and the store
``adapters``  ``chdb`` (log store, in a child process), ``sqlite`` (hosts, tokens, users, audit)
``api``       what agents and programs call
``web``       pages for people
``control``   the data directory's control side: authority, hosts, tokens, users and audit, opened together
``program``   starts, supervises and stops all of it; ``admin`` works on the data directory beside a running server
``options``   what a server is started with
``listener``  listening sockets, and uvicorn on them
``clock``     the time, passed to whatever needs it so that tests can set it
"""
