"""The kinesis output: the options of AWS's Go plugin.

Source: aws/amazon-kinesis-streams-for-fluent-bit, its README.
"""
