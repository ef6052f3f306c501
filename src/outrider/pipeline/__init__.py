"""The one engine: records from inputs travel in chunks through filters to every output whose Match fits their tag.

``plugin``    the contract: Input, Filter, Output, and how a plugin says what became of a batch
``aws_output``   the options and the connection that outputs to AWS have in common
``bulk_output``  what the es and opensearch outputs have in common
``http_output``  what outputs that speak HTTP have in common
``options``   options declared once: parser, validator, reference
``registry``  which plugins there are; a test proves that it lists exactly the plugin folders
``configuration``  sections with their properties, from a file, the command line or a preset
``findings``  everything that is wrong with a configuration
``parsers_files``  what Parsers_File names
``library``   the parsers and multiline parsers of a configuration, by name
``stock``     those that are built in
``payload_session``  what inputs that take JSON values or lines have in common
``instances``  a section to a plugin instance, checked
``build``     configuration sections to a checked pipeline
``routing``   what of a checked pipeline is hardly meant
``trial``     a pipeline with stand-ins for inputs and outputs, for tests
``trial_file``  files of such tests
``trial_judge``  what came out against what was expected
``engine``    run, flush, stop; the only place that knows all the parts
``intake``    open chunks of an input, back-pressure
``chunk``     raw records of one tag, in memory and in the spool, and what is left to do with them
``filtering``  one filter: which chunks it takes, what it did to a batch
``delivery``  one output: queue, workers, retries
``quota``     storage.total_limit_size of one output
``limits``    these of all outputs: which chunks are dropped for which output
``storage``   where chunks are kept: what [SERVICE] and each input say, put together
``rejected``  the dead letters: chunks that an output did not take
``schedule``  waiting times and Retry_Limit (pure)
``ledger``    accepted = delivered + buffered + dropped{reason}, at every moment
``shapes``    what a filter of keys does, worked out once for records with the same keys
``metrics``   what filters have measured, and its text for Prometheus (pure)
``selection``  Regex and Exclude rules
``rounds``    how often filters have sent records round (pure)
``service``   the [SERVICE] keys
``log``       log lines as Fluent Bit writes them
``peers``     how the first of several processes learns the others' numbers
``processes``  several processes of one pipeline, and the one that watches them
``reload``    one engine takes the place of another, with a new configuration
``explain``   a pipeline in words: what waits, what is lost, where records go (pure)
``drawing``   the same as SVG (pure)
``status``    what a pipeline has done and holds at one moment, in numbers
``report``    the bodies of the monitoring endpoints, from these (pure)
``monitor``   the HTTP endpoint
``run``       a pipeline as a process: event loop, signals, monitoring
"""
