"""Hosts of services by region, held against botocore's own rules; the endpoint option."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.aws.endpoints import _SERVICE_IDS, Endpoint, endpoint_of, tls_towards_aws
from outrider.aws.partitions import host, partition_of
from outrider.model.errors import UserError
from outrider.pipeline.options import Tls

REGIONS = [
    "us-east-1", "eu-west-3", "ap-southeast-2", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1",
    "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1",
]  # fmt: skip
SERVICES = ["logs", "firehose", "kinesis", "sts", "s3"]


@pytest.fixture(scope="module")
def resolve() -> Any:
    """``resolve(service, region, fips)``: the host that botocore would use."""
    from botocore.endpoint_provider import EndpointProvider
    from botocore.session import get_session

    session = get_session()
    partitions = session.get_component("data_loader").load_data("partitions")
    providers = {
        service: EndpointProvider(
            session.get_component("data_loader").load_service_model(service, "endpoint-rule-set-1"), partitions
        )
        for service in SERVICES
    }

    def host_of(service: str, region: str, fips: bool) -> str:
        more = {"UseGlobalEndpoint": False, "Accelerate": False, "ForcePathStyle": True} if service == "s3" else {}
        made = providers[service].resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=False, **more)
        return str(made.url).removeprefix("https://")

    return host_of


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("region", REGIONS)
def test_hosts_are_those_of_botocore(service: str, region: str, resolve: Any) -> None:
    assert host(service, region) == resolve(service, region, False)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "ca-central-1"])
def test_fips_hosts_are_those_of_botocore(service: str, region: str, resolve: Any) -> None:
    assert host(service, region, fips=True) == resolve(service, region, True)


@pytest.mark.parametrize(
    ("option", "port", "expected", "url"),
    [
        ("", 0, Endpoint("logs.us-east-1.amazonaws.com", 443), "https://logs.us-east-1.amazonaws.com"),
        ("vpce.example", 0, Endpoint("vpce.example", 443), "https://vpce.example"),
        ("vpce.example:8443", 0, Endpoint("vpce.example", 8443), "https://vpce.example:8443"),
        ("https://vpce.example/", 0, Endpoint("vpce.example", 443), "https://vpce.example"),
        ("localhost", 4566, Endpoint("localhost", 4566), "https://localhost:4566"),
        ("http://localhost", 0, Endpoint("localhost", 80, tls=False), "http://localhost"),
        ("http://[::1]:99", 0, Endpoint("::1", 99, tls=False), "http://[::1]:99"),
    ],
)
def test_the_endpoint_option(option: str, port: int, expected: Endpoint, url: str) -> None:
    assert endpoint_of("logs", "us-east-1", option, port) == expected
    assert expected.url == url


def test_fips_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    assert endpoint_of("firehose", "us-east-1").host == "firehose-fips.us-east-1.amazonaws.com"
    assert endpoint_of("firehose", "us-east-1", "mine").host == "mine"


def test_variables_name_endpoints_as_for_amazons_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000/")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "https://logs.example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "")
    assert endpoint_of("s3", "us-east-1") == Endpoint("127.0.0.1", 5000, tls=False)
    assert endpoint_of("sts", "us-east-1") == Endpoint("127.0.0.1", 5000, tls=False)
    assert endpoint_of("logs", "us-east-1") == Endpoint("logs.example.com", 443)
    assert endpoint_of("logs", "us-east-1", "mine") == Endpoint("mine", 443)


def test_a_variable_that_names_no_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://a b")
    with pytest.raises(UserError, match="AWS_ENDPOINT_URL 'http://a b' is not a host"):
        endpoint_of("s3", "us-east-1")


def test_services_are_called_as_botocore_calls_them_in_variables() -> None:
    from botocore.session import get_session

    session = get_session()
    for service in SERVICES:
        model = session.get_service_model(service)
        expected = model.metadata["serviceId"].replace(" ", "_").upper()
        assert _SERVICE_IDS.get(service, service.upper()) == expected


@given(st.text(max_size=30))
def test_any_text_is_an_endpoint_or_an_error(option: str) -> None:
    try:
        made = endpoint_of("logs", "us-east-1", option)
    except UserError:
        return
    assert made.host
    assert 0 <= made.port < 65_536


def test_a_bundle_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(UserError, match=r"AWS_CA_BUNDLE names '/nowhere/ca\.pem'"):
        tls_towards_aws(Tls())


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("eu-west-1", "aws"),
        ("ap-southeast-2", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-isob-east-1", "aws-iso-b"),
        ("us-iso-east-1", "aws-iso"),
        ("${Region}", ""),
        ("", ""),
    ],
)
def test_the_partition_of_a_region(region: str, expected: str) -> None:
    assert partition_of(region) == expected
