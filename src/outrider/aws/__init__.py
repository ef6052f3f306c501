"""AWS: where services answer, who we are there, signed requests, and what their errors mean.

``partitions``   host names of services, and partitions, by region; pure
``endpoints``    the ``endpoint`` option, and TLS towards AWS
``faults``       error answers by name; pure
``credentials``  keys as AWS's own tools find them, kept fresh
``sts``          the two calls that trade a role for keys, blocking, for a thread
``signing``      Signature Version 4
``client``       signed requests to one service
``objects``      the calls of S3 that store objects
``outcome``      what became of a batch that goes out in several calls
``names``        log groups and streams by record and tag; pure
``log_events``   records to bodies of PutLogEvents; pure
``data_records``  records to the data of Firehose and Kinesis; pure
``aggregate``    several records in one, in the form of the Kinesis Producer Library; pure
``put_records``  Firehose and Kinesis streams: data put in batches, of which AWS may take a part
``logs``         CloudWatch Logs: streams made, events put, refusals understood
``metadata``     what a machine or task says about itself; pure
``local``        the endpoints that say it

botocore's credential chain and signer do the work; they are imported when an output that needs them is set up.
"""
