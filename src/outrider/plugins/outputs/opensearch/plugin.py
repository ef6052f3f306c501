"""The opensearch output."""

from __future__ import annotations

from outrider.pipeline.common.bulk_output import BulkOutput
from outrider.plugins.outputs.opensearch.config import Options


class Opensearch(BulkOutput[Options]):
    """Stores records in OpenSearch, and in OpenSearch Serverless with ``aws_service_name aoss``."""

    Options = Options
