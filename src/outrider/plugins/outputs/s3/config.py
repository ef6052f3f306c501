"""Options of the s3 output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Count, Duration, Secret, Size, option, secret_option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    bucket: str = option("", "bucket to write to; required")
    region: str = option("us-east-1", "region of the bucket")
    s3_key_format: str = option(
        "/fluent-bit-logs/$TAG/%Y/%m/%d/%H/%M/%S",
        "key of the objects: $TAG, $TAG[0] to $TAG[9], $UUID, $INDEX and strftime in UTC; begins with '/'",
    )
    s3_key_format_tag_delimiters: str = option(".", "characters that divide the tag into $TAG[n]")
    static_file_path: bool = option(False, "no random end at keys without $UUID and $INDEX")
    format: str = option("json_lines", "form of the records: json_lines; json means the same")
    json_date_key: str = option("date", "key of the time; false: no time")
    json_date_format: str = option("", "form of the time; default: iso8601")
    log_key: str = option("", "write the value of this key alone; records without it are dropped")
    compression: str = option("none", "none, gzip or zstd; sets Content-Encoding")
    content_type: str = option("", "Content-Type of the objects")
    canned_acl: str = option("", "canned ACL of the objects")
    storage_class: str = option("", "storage class of the objects")
    send_content_md5: bool = option(False, "send Content-MD5, as buckets with object lock want")
    use_put_object: bool = option(False, "put whole objects, no upload in parts")
    total_file_size: Size = option(100_000_000, "size of an object, in bytes before compression (parts: after)")
    upload_chunk_size: Size = option(5_242_880, "size of a part, in bytes before compression")
    upload_timeout: Duration = option(600, "send what is there after this time, and end uploads in parts")
    store_dir: str = option("/tmp/fluent-bit/s3", "directory of what is not sent yet")
    store_dir_limit_size: Size = option(0, "bytes in store_dir at which no more is taken; 0: no limit")
    preserve_data_ordering: bool = option(True, "send the files of a tag one after another, in order")
    retry_exhausted_action: str = option("quarantine", "file that cannot be sent: quarantine or delete")
    quarantine_dir_limit_size: Size = option(0, "bytes in quarantine at which such files are deleted; 0: no limit")
    auto_retry_requests: bool = option(True, "send a request again at once when no answer came")
    endpoint: str = option("", "host of S3 or a substitute, with http:// for one without TLS, and :port")
    role_arn: str = option("", "role to assume")
    external_id: Secret = secret_option("", "external id for the role")
    sts_endpoint: str = option("", "host of STS")
    profile: str = option("", "profile in the AWS files")
    blob_database_file: str = option("", "accepted; there are no blobs")
    part_size: Size = option(25_000_000, "accepted; there are no blobs")
    file_delivery_attempt_limit: Count = option(1, "accepted; there are no blobs")
    part_delivery_attempt_limit: Count = option(1, "accepted; there are no blobs")
    upload_parts_timeout: str = option("10M", "accepted; there are no blobs")
    upload_part_freshness_limit: str = option("6D", "accepted; there are no blobs")
    authorization_endpoint_url: str = option("", "not supported")
    authorization_endpoint_username: str = option("", "not supported")
    authorization_endpoint_password: Secret = secret_option("", "not supported")
    authorization_endpoint_bearer_token: Secret = secret_option("", "not supported")
