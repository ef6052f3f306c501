"""Datadog's log intake, as Fluent Bit's ``out_datadog`` (``plugins/out_datadog``)."""
