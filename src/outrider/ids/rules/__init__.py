"""Suricata's rule language, read into signatures. A rule that cannot be used is told with its place, and left out.

``lines``       the rules of a file, as they stand in it
``split``       a rule's header and its options, as text
``variables``   names for addresses and ports
``addresses``   sets of addresses, with groups and negation
``ports``       sets of ports, the same
``grouping``    groups in brackets
``numbers``     comparisons with a number
``buffers``     the parts of traffic that a rule may look at, and what may be done to them first
``steps``       what is looked for in a buffer
``conditions``  what else must hold: headers, flow, state
``signature``   a rule as the engine sees it
``draft``       a signature while its options are read
``keywords``    the options
``choice``      which content is looked for first
``tables``      classification and reference files
``load``        files to signatures and refusals
``refusal``     why a rule is not used
"""
