"""Hostile input, made up until something breaks: ``make fuzz``.

``target``   what is fuzzed: a name, a function of bytes, and where to begin
``targets``  one module a room: every parser of bytes that somebody else chose
``seeds``    inputs to begin with, from the recorded reference cases too where they are there
``mutate``   inputs without a fuzzer, always the same: for the tests
``guard``    what counts as a finding: an exception that is not declared, a second of work, 200 MB of memory
``child``    one target under Atheris, in a process of its own

Nothing here is part of the product, and nothing of the product imports it.
"""
