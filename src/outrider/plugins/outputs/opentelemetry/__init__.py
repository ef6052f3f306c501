"""Logs by OTLP over HTTP, as Fluent Bit's ``out_opentelemetry`` (``plugins/out_opentelemetry``)."""
