"""From configuration files to a checked pipeline.

``configuration``  sections with their properties, from a file, the command line or a preset
``parsers_files``  what Parsers_File names
``init_files``  what the variables of AWS's init images name
``upstreams``  what Upstream names
``findings``  everything that is wrong with a configuration
``library``   the parsers and multiline parsers of a configuration, by name
``definitions``  the keys of one of these, and how it is made of them
``decoders``  raw forms of records to batches, also those of plugins that the configuration has not
``stock``     those that are built in
``instances``  a section to a plugin instance, checked
``placing``   where the faults stand that a plugin finds in its options
``build``     configuration sections to a checked pipeline, and that to an engine
``routing``   what of a checked pipeline is hardly meant
"""
