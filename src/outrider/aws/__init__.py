"""AWS: where services answer, who we are there, signed requests, and what their errors mean.

``partitions``   host names of services by region; pure
``endpoints``    the ``endpoint`` option, and TLS towards AWS
``faults``       error answers by name; pure
``credentials``  keys as AWS's own tools find them, kept fresh
``sts``          the two calls that trade a role for keys, blocking, for a thread
``signing``      Signature Version 4
``client``       signed requests to one service

botocore's credential chain and signer do the work; they are imported when an output that needs them is set up.
"""
