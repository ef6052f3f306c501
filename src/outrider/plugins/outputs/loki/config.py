"""Options of the loki output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.common.http_output import Compression
from outrider.pipeline.options import CommaList, Repeated, Secret, Size, option, secret_option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    uri: str = option("/loki/api/v1/push", "path of the push API")
    tenant_id: str = option("", "X-Scope-OrgID of every request")
    tenant_id_key: str = option("", "$field that holds the tenant; each tenant has a request of its own")
    tenant_id_key_error_handling: str = option("partial_success", "accepted; each tenant's records have their own fate")
    labels: CommaList = option((), "NAME=TEXT or NAME=$FIELD or $FIELD, with commas between; default: job=fluent-bit")
    label_keys: CommaList = option((), "$FIELDs that become labels, with commas between")
    label_map_path: str = option("", "JSON file: fields, nested, to names of labels")
    auto_kubernetes_labels: bool = option(False, "labels of the pod become labels")
    structured_metadata: CommaList = option((), "as labels, for Loki's structured metadata")
    structured_metadata_map_keys: CommaList = option((), "$FIELDs with maps whose members become structured metadata")
    remove_keys: CommaList = option((), "fields to leave out of the line; those that are labels go too then")
    drop_single_key: Literal["off", "false", "no", "on", "true", "yes", "raw"] = option(
        "off", "where one field is left, its value is the line; raw: text without quotes"
    )
    line_format: Literal["json", "key_value"] = option("json", "form of the line")
    http_user: str = option("", "user of basic authentication")
    http_passwd: Secret = secret_option("", "password of basic authentication")
    bearer_token: Secret = secret_option("", "token of bearer authentication")
    header: Repeated = secret_option((), "NAME VALUE: a header of each request")
    buffer_size: Size = option(512_000, "accepted; answers are read up to 4M")
    compress: Compression = option("none", "compression of the body")
