"""What two kinds have in common: the objects of Kubernetes, as texts with slots, and the router's configuration.

``slots``    puts texts into the slots
``texts``    the texts, from ``objects/*.yaml``, ``router.conf`` and ``parsers.conf``
``choices``  what the description says, as Kubernetes wants it
"""
