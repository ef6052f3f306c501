"""The firehose output: the options of AWS's Go plugin.

Source: aws/amazon-kinesis-firehose-for-fluent-bit, its README.
"""
