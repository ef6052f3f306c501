"""The launcher's command line, and the forgotten two hyphens."""

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.launcher.arguments import IN_CONFIG, RUN_PATH, Arguments, Change, parse_arguments
from outrider.model.errors import UserError

SEED = ["-s", "Scheduler.Cap", "60", "-i", "Mem_Buf_Limit", "50M"]
ROUTER = ["-F", "record_modifier", "-m", "*", "-p", "Record=pid 1", "-o", "syslog", "-m", "*", "-p", "Mode=tcp"]


def message(words):
    with pytest.raises(UserError) as caught:
        parse_arguments(words)
    return str(caught.value)


def test_defaults():
    assert parse_arguments([]) == Arguments(RUN_PATH, IN_CONFIG, None)
    assert (RUN_PATH, IN_CONFIG) == ("/fluent-bit/bin/fluent-bit", "/fluent-bit/etc/fluent-bit.conf")


def test_the_documented_command_line():
    changes = [Change("service", "Scheduler.Cap", "60"), Change("input", "Mem_Buf_Limit", "50M")]
    assert parse_arguments([*SEED, "--", *ROUTER]) == Arguments(changes=changes, rest=ROUTER)


def test_every_option_in_both_spellings():
    short = ["-r", "/r", "-c", "/c", "-m", "/m", "-i", "a", "1", "-f", "b", "2", "-o", "c", "3", "-s", "d", "4"]
    names = ["run-path", "in-config", "out-config", "input", "filter", "output", "service"]
    long = [
        next(iter(f"--{n}" for n in names if "rcmifos"[names.index(n)] == w[1:])) if w[0] == "-" else w for w in short
    ]
    expected = Arguments(
        "/r",
        "/c",
        "/m",
        [
            Change("input", "a", "1"),
            Change("filter", "b", "2"),
            Change("output", "c", "3"),
            Change("service", "d", "4"),
        ],
    )
    assert parse_arguments(short) == parse_arguments(long) == expected
    assert parse_arguments(["--run-path=/r", "--in-config=/c", "-m/m"]).out_config == "/m"
    assert parse_arguments(["--run-path=/r=x"]).run_path == "/r=x"


def test_what_follows_the_hyphens_is_not_read():
    rest = ["-c", "x", "--", "--help", "-i"]
    assert parse_arguments(["--", *rest]) == Arguments(rest=rest)


def test_values_may_begin_with_a_hyphen():
    assert parse_arguments(["-s", "Grace", "-1", "-i", "k", "-5m"]).changes == [
        Change("service", "Grace", "-1"),
        Change("input", "k", "-5m"),
    ]


def test_help_version_print():
    assert parse_arguments(["-h"]).wanted == parse_arguments(["--help"]).wanted == "help"
    assert parse_arguments(["--version"]).wanted == "version"
    assert parse_arguments(["-i", "a", "b", "--print"]).wanted == "print"


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ([*SEED, *ROUTER], 6),
        ([*SEED, "-p", "x=1"], 6),
        ([*SEED, "-e", "/fluent-bit/firehose.so"], 6),
        ([*SEED, "-o", "syslog", "-m", "*"], 6),
        (["-i", "dummy", "-o", "stdout"], 0),
        ([*SEED, "/fluent-bit/bin/fluent-bit"], 6),
        ([*SEED, "--filter=x"], 6),
        (["-V"], 0),
        ([""], 0),
    ],
)
def test_forgotten_hyphens_are_explained_with_the_corrected_line(words, at):
    text = message(words)
    assert "'--' is missing before the arguments of the log router" in text
    corrected = [*words[:at], "--", *words[at:]]
    assert f"run: fluent-launch {shlex.join(corrected)}\n" in text
    assert f'"command": {json.dumps(corrected)}' in text
    assert parse_arguments(corrected).rest == words[at:]


@pytest.mark.parametrize(("word", "near"), [("--prnit", "--print"), ("--inputs", "--input"), ("--outpt=x", "--output")])
def test_a_near_name_is_offered_first(word, near):
    text = message([*SEED, word])
    assert text.startswith(
        f"'{word}' is no argument of the launcher; did you mean '{near}'? If it is for the log router: "
    )
    assert f"run: fluent-launch {shlex.join([*SEED, '--', word])}\n" in text


@pytest.mark.parametrize("dash", ["\u2014", "\u2013-", "\u2013"])
def test_typographic_dashes(dash):
    text = message([*SEED, dash, *ROUTER])
    assert "is not two hyphens" in text
    assert shlex.join([*SEED, "--", *ROUTER]) in text


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-i", "Mem_Buf_Limit"], "-i needs KEY VALUE, the command line ends"),
        (["-i", "Mem_Buf_Limit", "--", "-v"], "-i needs KEY VALUE before --"),
        (["-r"], "-r needs PATH"),
        (["-c", "--", "x"], "-c needs PATH before --"),
        (["--run-path="], "--run-path= has an empty path"),
        (["--inputs", "a", "b", "--"], "did you mean '--input'?"),
        (["--in", "a", "--"], "unknown option '--in'"),
        (["word", "--", "-v"], "'word' is no argument of the launcher; fix: see fluent-launch --help"),
        (["-i", "-F", "x", "--"], "'-F' looks like an option; fix: see"),
    ],
)
def test_other_mistakes(words, expected):
    assert expected in message(words)


@given(st.lists(st.sampled_from([*SEED, *ROUTER, "--", "--print", "--input", "-h", "", "-", "x", "\u2014"])))
def test_any_words_are_read_or_refused(words):
    try:
        found = parse_arguments(words)
    except UserError:
        return
    assert found.rest == (words[words.index("--") + 1 :] if "--" in words else [])
