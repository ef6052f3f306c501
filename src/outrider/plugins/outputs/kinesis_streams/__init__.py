"""The kinesis_streams output: Kinesis Data Streams. Source: Fluent Bit 5.1.1, ``plugins/out_kinesis_streams``."""
