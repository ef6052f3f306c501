"""The Cloud ID of Elastic: ``name:BASE64``, where the text is ``domain$elasticsearch$kibana``. Pure."""

from __future__ import annotations

import base64
import binascii

PORT = 443


def address(cloud_id: str) -> tuple[str, int]:
    """Host and port. Raises ValueError for what is no Cloud ID."""
    encoded = cloud_id.rpartition(":")[2]
    try:
        domain, cluster, *_ = (
            base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode("ascii").split("$")
        )
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise ValueError("cloud_id is not a Cloud ID of Elastic") from error
    cluster, _, own_port = cluster.partition(":")
    domain, _, port = domain.partition(":")
    number = own_port or port or str(PORT)
    if not (domain and cluster and number.isascii() and number.isdigit()):
        raise ValueError("cloud_id is not a Cloud ID of Elastic")
    return f"{cluster}.{domain}", int(number)
