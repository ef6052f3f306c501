"""The kinesis_firehose output: Amazon Data Firehose. Source: Fluent Bit 5.1.1, ``plugins/out_kinesis_firehose``."""
