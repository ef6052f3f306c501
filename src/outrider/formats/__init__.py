"""Languages on paper: bytes or text in, values out, and back. Nothing here opens, waits or looks at a clock.

``classic``       Fluent Bit's classic configuration language, lossless
``classic_load``  a classic configuration with all that it includes, as one list of sections
``stock_files``   configuration files that AWS's image has
``yaml_tree``     YAML text to maps, lists and texts with their places
``yaml_depth``    whether a YAML text is nested too deeply for PyYAML to compose it
``yaml_config``   a YAML configuration with all that it includes, as sections
``env``           ``${NAME}`` in values, and ``@SET``
``values``        values of options: sizes, times, booleans
``words``         lists inside one value, spelling of keys
``accessor``      record accessors: ``$key['sub'][0]``
``templates``     text with ``$TAG[n]``, ``$1`` and ``$key`` in it
``regex``         regular expressions in Ruby's syntax
``backtracking``  which of them may try too many ways
``parser``        a line of text to a record and its time: regex, JSON, LTSV, logfmt
``timeformat``    ``strptime`` with fractions
``casts``         ``Types``: fields of text as numbers
``decoders``      ``Decode_Field``: fields that are encoded themselves
``escapes``       backslash escapes
``jsontext``      JSON texts to values
``pairs``         LTSV and logfmt
``split``         records in a stream of bytes: JSON values, or text between separators
``multiline``     several lines to one record
``json``          Fluent Bit's JSON, to the byte
``plain``         which values any JSON encoder writes as Fluent Bit does
``text``          records as lines of text
``stamps``        seconds as text
``msgpack``       streams of msgpack: where messages end, and many values in one call
``payload``       a batch as one body: JSON in its forms, or msgpack
``bulk``          bulk requests of Elasticsearch and OpenSearch, and their answers
``gelf``          GELF objects
``protobuf``      the wire format of Protocol Buffers
``compress``      gzip, zlib and zstd, with a bound on what comes out
``kernel``        what Linux tells of itself in /proc and the like

Import from the modules: this door is empty so that the launcher, which may use only the standard library,
can import ``outrider.formats.classic`` alone.
"""
