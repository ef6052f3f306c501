"""Splunk's HTTP Event Collector, as Fluent Bit's ``out_splunk`` (``plugins/out_splunk``)."""
