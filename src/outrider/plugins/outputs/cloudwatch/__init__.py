"""The cloudwatch output: the options of AWS's Go plugin.

Source: aws/amazon-cloudwatch-logs-for-fluent-bit, its README.
"""
