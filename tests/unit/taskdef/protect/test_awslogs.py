"""Options of awslogs in the words of the router: every one is mapped or explained."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.lint.rules.awslogs_option_unknown import OF_DOCKER, OPTIONS
from outrider.taskdef.protect.awslogs import C_PLUGIN, GO_PLUGIN, MULTILINE, convert

BASIC = {"awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}
keys = st.sampled_from([*OPTIONS, *OF_DOCKER]) | st.text(max_size=8)


def options_of(new):
    return {key: value for key, value in new.options.items() if key not in ("Name", "log_key")}


def test_as_the_document_has_it():
    new = convert("web", {"awslogs-create-group": "true", **BASIC}, GO_PLUGIN)
    assert list(new.log["options"].items()) == [
        ("Name", "cloudwatch"),
        ("auto_create_group", "true"),
        ("log_group_name", "g"),
        ("region", "eu-west-1"),
        ("log_stream_prefix", "p/"),
        ("log_key", "log"),
    ]
    assert new.told == ()
    assert new.log["logDriver"] == "awsfirelens"


@pytest.mark.parametrize(
    ("given_options", "plugin", "added"),
    [
        ({"awslogs-create-group": "true"}, C_PLUGIN, {"auto_create_group": "true"}),
        ({"awslogs-endpoint": "https://e"}, C_PLUGIN, {"endpoint": "https://e"}),
        ({"awslogs-create-stream": "false"}, GO_PLUGIN, {"auto_create_stream": "false"}),
        ({"awslogs-credentials-endpoint": "/c"}, GO_PLUGIN, {"credentials_endpoint": "/c"}),
        ({"awslogs-format": "json/emf"}, C_PLUGIN, {"log_format": "json/emf"}),
    ],
)
def test_options_that_have_an_equal(given_options, plugin, added):
    new = convert("web", BASIC | given_options, plugin)
    basic = options_of(convert("web", BASIC, plugin))
    assert (options_of(new), new.told) == (basic | added, ())


@pytest.mark.parametrize(
    ("key", "value", "plugin", "words"),
    [
        ("mode", "non-blocking", C_PLUGIN, "never blocks"),
        ("mode", "blocking", C_PLUGIN, "the application waited"),
        ("awslogs-create-stream", "true", C_PLUGIN, "always makes streams"),
        ("awslogs-credentials-endpoint", "/c", C_PLUGIN, "the task role"),
        ("awslogs-format", "xml", C_PLUGIN, "no equal"),
        ("awslogs-force-flush-interval-seconds", "3", C_PLUGIN, "Flush"),
        ("awslogs-max-buffered-events", "9", C_PLUGIN, "log-driver-buffer-limit"),
        ("tag", "x", C_PLUGIN, "log_stream_prefix"),
        ("env", "A", GO_PLUGIN, "record_modifier"),
        ("max-buffer-size", "much", C_PLUGIN, "is no size"),
        ("max-buffer-size", "0", C_PLUGIN, "is no size"),
        ("awslogs-grup", "g", C_PLUGIN, "no such option"),
    ],
)
def test_options_that_are_explained(key, value, plugin, words):
    new = convert("web", BASIC | {key: value}, plugin)
    assert options_of(new) == options_of(convert("web", BASIC, plugin))
    (told,) = new.told
    assert told.startswith(f"{key}: ")
    assert words in told


@pytest.mark.parametrize(
    ("size", "lines"),
    [("25m", 102400), ("1", 1), ("256", 1), ("10 KB", 40), ("1g", 4194304), ("999999999g", 536870911)],
)
def test_a_size_becomes_a_number_of_lines(size, lines):
    new = convert("web", BASIC | {"max-buffer-size": size}, C_PLUGIN)
    assert new.options["log-driver-buffer-limit"] == str(lines)
    assert new.told == (
        f"max-buffer-size: {size} are {lines} lines of 256 bytes; log-driver-buffer-limit counts lines",
    )


@pytest.mark.parametrize(
    ("given_options", "plugin", "keep", "name", "stream"),
    [
        ({}, C_PLUGIN, False, ("log_stream_prefix", "p/"), "p/web-firelens-TASK"),
        ({}, C_PLUGIN, True, ("log_stream_name", "p/web/${ECS_TASK_ID}"), "p/web/TASK"),
        ({}, GO_PLUGIN, True, ("log_stream_name", "p/web/$(ecs_task_id)"), "p/web/TASK"),
        ({"awslogs-stream-prefix": ""}, C_PLUGIN, True, ("log_stream_prefix", "/"), "/web-firelens-TASK"),
        ({"awslogs-stream": "s"}, C_PLUGIN, False, ("log_stream_name", "s"), "s"),
    ],
)
def test_the_name_of_the_stream(given_options, plugin, keep, name, stream):
    new = convert("web", BASIC | given_options, plugin, keep_stream=keep)
    assert name in new.options.items()
    assert len({"log_stream_name", "log_stream_prefix"} & set(new.options)) == 1
    assert new.stream == stream


@given(st.dictionaries(keys, st.text(max_size=8)), st.sampled_from([C_PLUGIN, GO_PLUGIN]), st.booleans())
def test_nothing_is_lost_in_silence(options, plugin, keep):
    new = convert("web", options, plugin, keep_stream=keep)
    assert all(isinstance(value, str) for value in new.options.values())
    assert len({"log_stream_name", "log_stream_prefix"} & set(new.options)) == 1
    names = {"awslogs-stream", "awslogs-stream-prefix", *MULTILINE}
    for key, value in options.items():
        explained = any(told.startswith(f"{key}: ") for told in new.told)
        assert explained or key in names or value in new.options.values()
