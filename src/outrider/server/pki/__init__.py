"""The certificate authority that the server makes at its first start, and the certificates it signs.

``authority``  makes, loads and renews; agents trust the authority by the pin in their join token
``signing``    the certificates themselves
"""
