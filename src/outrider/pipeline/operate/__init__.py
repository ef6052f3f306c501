"""A pipeline at work as a process: start, signals, reload, several processes, and what it tells of itself.

``task_start``  what a task on ECS is asked before its configuration is read
``origin``    what its configuration is read from
``run``       event loop, signals, monitoring
``reload``    one engine takes the place of another, with a new configuration
``processes``  several processes of one pipeline, and the one that watches them
``peers``     how the first of them learns the others' numbers
``status``    what a pipeline has done and holds at one moment, in numbers
``report``    the bodies of the monitoring endpoints, from these (pure)
``monitor``   the HTTP endpoint
``explain``   a pipeline in words: what waits, what is lost, where records go (pure)
``drawing``   the same as SVG (pure)
"""
