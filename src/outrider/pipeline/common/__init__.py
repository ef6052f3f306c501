"""What several plugins have in common, and could not import from each other.

``http_output``  outputs that speak HTTP
``bulk_output``  the es and opensearch outputs
``aws_output``   outputs to AWS: options and the connection, events to CloudWatch Logs, records to streams
``nodes``     outputs with several peers that take turns
``http_nodes``  the same for outputs that speak HTTP
``payload_session``  inputs that take JSON values or lines
``shapes``    what a filter of keys does, worked out once for records with the same keys
``selection``  Regex and Exclude rules of filters
``rounds``    how often filters have sent records round (pure)
``metrics``   what filters have measured, and its text for Prometheus (pure)
"""
