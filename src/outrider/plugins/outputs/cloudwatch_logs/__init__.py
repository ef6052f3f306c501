"""The cloudwatch_logs output: events of CloudWatch Logs. Source: Fluent Bit 5.1.1, ``plugins/out_cloudwatch_logs``."""
