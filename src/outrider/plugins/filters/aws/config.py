"""Options of the aws filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import CommaList, Count, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field. On Fargate what the task knows of itself is added."""

    imds_version: Literal["v1", "v2"] = option("v2", "version of the instance metadata service")
    az: bool = option(True, "availability zone")
    ec2_instance_id: bool = option(True, "id of the instance; not on Fargate")
    ec2_instance_type: bool = option(False, "type of the instance; not on Fargate")
    private_ip: bool = option(False, "address of the instance or task")
    vpc_id: bool = option(False, "id of the VPC; not on Fargate")
    ami_id: bool = option(False, "id of the image; not on Fargate")
    account_id: bool = option(False, "id of the account")
    hostname: bool = option(False, "name of the instance or task in DNS")
    tags_enabled: bool = option(False, "tags of the instance or task, each as a field")
    tags_include: CommaList = option((), "only these tags")
    tags_exclude: CommaList = option((), "all but these tags")
    retry_interval_s: Count = option(300, "seconds between tries, once some have failed")
    enable_entity: bool = option(False, "not supported: CloudWatch entities")
