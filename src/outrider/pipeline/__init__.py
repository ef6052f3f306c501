"""The one engine: records from inputs travel in chunks through filters to every output whose Match fits their tag.

``plugin``    the contract: Input, Filter, Output, and how a plugin says what became of a batch
``options``   options declared once: parser, validator, reference
``registry``  which plugins there are; a test proves that it lists exactly the plugin folders
``foreign``   plugins that Fluent Bit alone has
``service``   the [SERVICE] keys
``config``    files to a checked pipeline
``engine``    run, flush, stop; the only place that knows all the parts
``passage``   the way of a chunk, from sealed to finished
``intake``    open chunks of an input, back-pressure
``chunk``     raw records of one tag, in memory and in the spool, and what is left to do with them
``filtering``  one filter: which chunks it takes, what it did to a batch
``delivery``  one output: queue, workers, retries
``answer``    what an output says of records, or what its error means
``parcel``    a chunk on its way to one output, and chunks that cannot be read
``schedule``  waiting times between retries (pure)
``ledger``    where every record is, at every moment
``storage``   where chunks are kept: what [SERVICE] and each input say, put together
``elsewhere``  chunks that a reload with another storage.path has left behind
``quota``     storage.total_limit_size of one output
``limits``    these of all outputs: which chunks are dropped for which output
``rejected``  the dead letters: records that an output did not take
``log``       log lines as Fluent Bit writes them
``operate``   the pipeline as a process: signals, reload, monitoring, explanation
``trial``     tests of pipelines, for users
``common``    what several plugins have in common
"""
