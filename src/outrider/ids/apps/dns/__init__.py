"""DNS over UDP and TCP.

``message``      one message, its names and records
``transaction``  a message as rules and events see it
``parser``       the messages of a flow
"""
