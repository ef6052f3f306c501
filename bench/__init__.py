"""What the router costs: ``python -m bench`` (``make bench``). See docs/performance.md.

``pipelines``  the configurations, and how records are sent into each
``records``    the records, encoded once before the clock starts
``sink``       where they arrive and are counted
``measure``    a router as a whole process: CPU, peak memory, records lost
"""
