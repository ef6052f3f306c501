"""TLS: what is said before it is encrypted.

``hello``         the first messages of client and server
``fingerprints``  JA3, JA3S, JA4
``certificate``   what events and rules need of a certificate
``transaction``   a connection as rules and events see it
``parser``        records and the handshake's messages in them
"""
