"""What agents and programs call over HTTPS.

``peer``      who is at the other end of a TLS connection, as uvicorn does not tell
``agent``     the agents' port: enrolment, heartbeats, batches
``access``    who may use the portal: sessions, API tokens, the login's rate limit
``views``     hosts and logs as plain values, for JSON and for pages alike
``people``    the JSON API of the portal's port
``errors``    errors as answers
"""
