"""What the options come to, and what of them cannot work. Pure. Limits and words are Fluent Bit's, ``cb_s3_init``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from outrider.formats.json import DATE_FORMATS
from outrider.model.errors import UserError
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.options import OutputCore
from outrider.plugins.outputs.s3.config import Options
from outrider.plugins.outputs.s3.pack import Compression

PART_MIN: Final = 5_242_880
"""Bytes of every part but the last, by S3's rules."""
PARTS_MAX: Final = 10_000
_PUT_MAX: Final = 1_000_000_000
_TOTAL_MIN: Final = 1_000_000
_TOTAL_MAX: Final = 50_000_000_000
_CHUNK_MAX: Final = 50_000_000
_CHUNK_MAX_PACKED: Final = 5_368_709_120
_REFUSED_FORMS: Final = ("parquet", "arrow", "otlp_json", "otlp_json_pretty")
_TICK_MIN, _TICK_MAX = 6, 60
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BUCKET_EVER: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""Buckets of the first years may have such names."""
_CANNED_ACLS: Final = (
    "private", "public-read", "public-read-write", "aws-exec-read", "authenticated-read", "bucket-owner-read",
    "bucket-owner-full-control", "log-delivery-write",
)  # fmt: skip
_STORAGE_CLASSES: Final = (
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
    "OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """When a file is full, in bytes before compression, and whether objects are put whole."""

    file: int
    total: int
    whole: bool
    compression: Compression
    tick: int
    """Seconds between two looks at the clock."""


def limits(options: Options) -> Limits:
    """What the options come to. Raises UserError for sizes that S3 or Fluent Bit refuse, and for unknown forms."""
    compression = _compression(options)
    total, chunk = options.total_file_size, options.upload_chunk_size
    if total < _TOTAL_MIN:
        raise UserError("total_file_size must be at least 1MB", fix="set total_file_size to 1M or more")
    if total > _TOTAL_MAX:
        raise UserError("Max total_file_size is 50,000,000,000 bytes", fix="set total_file_size to 50G or less")
    whole = options.use_put_object or total < 2 * PART_MIN
    if not whole:
        _check_parts(total, chunk, compression)
    if chunk != PART_MIN and 2 * chunk > total:
        raise UserError("total_file_size is less than 2x upload_chunk_size", fix="lower upload_chunk_size")
    if whole and total > _PUT_MAX:
        raise UserError(
            "Max total_file_size is 50M when use_put_object is enabled, says Fluent Bit; the limit is 1,000,000,000",
            fix="set total_file_size to 1G or less, or use_put_object off",
        )
    tick = min(max(options.upload_timeout // 6, _TICK_MIN), _TICK_MAX)
    return Limits(total if whole else chunk, total, whole, compression, tick)


def _check_parts(total: int, chunk: int, compression: Compression) -> None:
    if chunk > total:
        raise UserError("upload_chunk_size can not be larger than total_file_size", fix="lower upload_chunk_size")
    if chunk < PART_MIN:
        raise UserError("upload_chunk_size must be at least 5,242,880 bytes", fix="set it to 6M or leave it out")
    if compression == "none" and chunk > _CHUNK_MAX:
        raise UserError("Max upload_chunk_size is 50MB", fix="set upload_chunk_size to 50M or less")
    if chunk > _CHUNK_MAX_PACKED:
        raise UserError("upload_chunk_size in compressed multipart upload cannot exceed 5GB", fix="lower it")


def _compression(options: Options) -> Compression:
    given = options.compression.lower()
    match given:
        case "none" | "gzip" | "zstd":
            return given
        case "snappy" | "parquet" | "arrow":
            raise UserError(
                f"compression {given} is not supported: it needs a library that the router does not carry",
                fix="use gzip or zstd",
            )
    raise UserError(f"unknown compression: {options.compression}", found=given, allowed=("none", "gzip", "zstd"))


def check(options: Options) -> None:
    """Raise UserError with every fault: what cannot work, in Fluent Bit's words where it has some."""
    found = Findings()
    for each in (_check_form, _check_place, limits):
        with found.collecting():
            each(options)
    found.raise_errors()


def doubts(options: Options, core: OutputCore) -> list[UserError]:
    """What is hardly meant."""
    found: list[UserError] = []
    if options.format.lower() == "json":
        said = "format json means json_lines: one object a line"
        found.append(UserError(said, key="format", fix="write json_lines"))
    if core.storage_total_limit_size:
        said, fix = "storage.total_limit_size bounds chunks", "bound files with store_dir_limit_size"
        found.append(UserError(said, key="storage.total_limit_size", fix=fix))
    return found if options.endpoint else found + _refused_today(options)


def _refused_today(options: Options) -> list[UserError]:
    """Values that S3 does not take today; a substitute for it may."""
    found: list[UserError] = []
    if not _BUCKET.fullmatch(options.bucket):
        said = (
            f"bucket '{options.bucket}' cannot be made in S3 any more: 3 to 63 lower-case letters, digits, '-' and '.'"
        )
        found.append(UserError(said, key="bucket", fix="correct the name"))
    for key, value, known in (
        ("canned_acl", options.canned_acl, _CANNED_ACLS),
        ("storage_class", options.storage_class, _STORAGE_CLASSES),
    ):
        if value and value not in known:
            found.append(
                UserError(f"{key} '{value}' is not known: S3 would refuse", key=key, found=value, allowed=known)
            )
    return found


def _check_form(options: Options) -> None:
    if options.retry_exhausted_action.lower() not in ("quarantine", "delete"):
        raise UserError(
            f"invalid retry_exhausted_action value '{options.retry_exhausted_action}'",
            found=options.retry_exhausted_action,
            allowed=("quarantine", "delete"),
        )
    form = options.format.lower()
    if form in _REFUSED_FORMS:
        raise UserError(f"format {form} is not supported", fix="use json_lines")
    if form not in ("json_lines", "json"):
        raise UserError(f"unsupported format '{options.format}'", found=form, allowed=("json_lines", "json"))
    if options.json_date_format and options.json_date_format not in DATE_FORMATS:
        raise UserError(
            f"invalid json_date_format '{options.json_date_format}'",
            found=options.json_date_format,
            allowed=DATE_FORMATS,
        )


def _check_place(options: Options) -> None:
    if not options.bucket:
        raise UserError("'bucket' is a required parameter", fix="add a line 'bucket NAME'")
    if "/" in options.bucket or options.bucket in (".", ".."):
        raise UserError(f"'{options.bucket}' is no name of a bucket", fix="put the path into s3_key_format")
    if not _BUCKET_EVER.fullmatch(options.bucket):
        fix = "use lower-case letters, digits, '-' and '.'"
        raise UserError(f"bucket '{options.bucket}' has characters that no bucket's name has", key="bucket", fix=fix)
    if not options.s3_key_format.startswith("/") or "\0" in options.s3_key_format:
        raise UserError("'s3_key_format' must start with a '/'", fix=f"s3_key_format /{options.s3_key_format}")
    if options.authorization_endpoint_url:
        raise UserError("authorization_endpoint_url is not supported", fix="use role_arn or the container's own role")
