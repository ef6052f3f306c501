"""Options of the http output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.formats.payload import DateFormat
from outrider.pipeline.common.http_output import Compression
from outrider.pipeline.options import Count, Duration, Repeated, Secret, option, secret_option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    uri: str = option("/", "path, and query where there is one")
    http_method: Literal["POST", "PUT"] = option("POST", "method of the request")
    format: Literal["json", "json_lines", "json_stream", "msgpack", "gelf"] = option("json", "form of the body")
    json_date_key: str = option("date", "key of the time in JSON; false: no time")
    json_date_format: DateFormat = option("double", "form of the time in JSON")
    compress: Compression = option("none", "compression of the body")
    header: Repeated = secret_option((), "NAME VALUE: a header of each request")
    header_tag: str = option("", "name of a header that holds the tag")
    allow_duplicated_headers: bool = option(True, "off: a later header replaces an earlier one of its name")
    log_response_payload: bool = option(True, "tell the beginning of the answer's body when records are refused")
    proxy: Secret = secret_option("", "http://host:port of an HTTP proxy; default: HTTP_PROXY of the environment")
    response_timeout: Duration = option(60, "seconds to wait for the answer", name="http.response_timeout")
    read_idle_timeout: Duration = option(
        0, "seconds that the server may be silent before and in its answer; 0: no limit", name="http.read_idle_timeout"
    )
    http_user: str = option("", "user of basic authentication")
    http_passwd: Secret = secret_option("", "password of basic authentication")
    body_key: str = option("", "$field that is the body of a request of its own; needs headers_key")
    headers_key: str = option("", "$field with a map of headers of that request; needs body_key")
    gelf_timestamp_key: str = option("", "field that holds the time in GELF")
    gelf_host_key: str = option("", "field that holds the host in GELF")
    gelf_short_message_key: str = option("", "field that holds the short message in GELF")
    gelf_full_message_key: str = option("", "field that holds the full message in GELF")
    gelf_level_key: str = option("", "field that holds the level in GELF")
    oauth2_enable: bool = option(False, "fetch a token by OAuth 2.0 client credentials", name="oauth2.enable")
    oauth2_token_url: str = option("", "where tokens come from", name="oauth2.token_url")
    oauth2_client_id: str = option("", "client id", name="oauth2.client_id")
    oauth2_client_secret: Secret = secret_option("", "client secret", name="oauth2.client_secret")
    oauth2_user_agent: str = option("", "User-Agent of the token request", name="oauth2.user_agent")
    oauth2_scope: str = option("", "scope to ask for", name="oauth2.scope")
    oauth2_audience: str = option("", "audience to ask for", name="oauth2.audience")
    oauth2_resource: str = option("", "resource to ask for", name="oauth2.resource")
    oauth2_auth_method: Literal["basic", "post", "private_key_jwt"] = option(
        "basic", "how the client proves itself", name="oauth2.auth_method"
    )
    oauth2_jwt_key_file: str = option("", "private key (PEM, RSA) of private_key_jwt", name="oauth2.jwt_key_file")
    oauth2_jwt_cert_file: str = option("", "certificate (PEM) of private_key_jwt", name="oauth2.jwt_cert_file")
    oauth2_jwt_aud: str = option("", "audience of the assertion; default: the token URL", name="oauth2.jwt_aud")
    oauth2_jwt_header: Literal["kid", "x5t"] = option(
        "kid", "header of the assertion that names the certificate", name="oauth2.jwt_header"
    )
    oauth2_jwt_ttl_seconds: Count = option(300, "life of the assertion", name="oauth2.jwt_ttl_seconds")
    oauth2_refresh_skew_seconds: Count = option(
        60, "fetch a new token so long before the old one ends", name="oauth2.refresh_skew_seconds"
    )
    oauth2_timeout: Duration = option(0, "seconds to wait for a token; 0: 60", name="oauth2.timeout")
    oauth2_connect_timeout: Duration = option(
        0, "accepted; net.connect_timeout serves both", name="oauth2.connect_timeout"
    )
    aws_auth: bool = option(False, "sign requests with AWS Signature Version 4")
    aws_service: str = option("", "service that signatures are for")
    aws_region: str = option("", "region that signatures are for")
    aws_sts_endpoint: str = option("", "endpoint of STS for aws_role_arn")
    aws_role_arn: str = option("", "role to assume")
    aws_external_id: str = option("", "external id for aws_role_arn")
    aws_profile: str = option("", "profile of the AWS configuration files")
