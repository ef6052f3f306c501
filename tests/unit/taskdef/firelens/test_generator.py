"""The text generator, with the parts that FireLens itself never uses."""

from outrider.taskdef.firelens.generator import Configuration, Grep, Plugin

FULL = Configuration(
    head=["/head"],
    inputs=[Plugin("forward", "t", {"b": "2", "B": "1"}), Plugin("tail")],
    after_inputs=["/inputs"],
    include=[Grep("yes", "log", "*")],
    exclude=[Grep("no", "log", "*")],
    modify={"*": {"k": "v"}},
    after_filters=["/filters"],
    outputs=[Plugin("null", "*", {"empty": ""})],
    end=["/end"],
)


def test_fluentbit():
    assert FULL.text("fluentbit") == (
        "@INCLUDE /head\n"
        "\n[INPUT]\n    Name forward\n    Tag t\n    B 1\n    b 2\n"
        "\n[INPUT]\n    Name tail\n"
        "\n@INCLUDE /inputs\n"
        "\n[FILTER]\n    Name   grep\n    Match *\n    Regex  log yes\n"
        "\n[FILTER]\n    Name   grep\n    Match *\n    Exclude log no\n"
        "\n[FILTER]\n    Name record_modifier\n    Match *\n    Record k v\n"
        "\n@INCLUDE /filters\n"
        "\n[OUTPUT]\n    Name null\n    Match *\n    empty \n"
        "\n@INCLUDE /end\n"
    )


def test_fluentd():
    assert FULL.text("fluentd") == (
        "@include /head\n"
        "\n<source>\n    @type forward\n    tag t\n    B 1\n    b 2\n</source>\n"
        "\n<source>\n    @type tail\n</source>\n"
        "\n@include /inputs\n"
        "\n<filter *>\n    @type  grep\n    <regexp>\n        key log\n        pattern yes\n    </regexp>\n</filter>\n"
        "\n<filter *>\n    @type  grep\n    <exclude>\n        key log\n        pattern no\n    </exclude>\n</filter>\n"
        "\n<filter *>\n    @type record_transformer\n    <record>\n        k v\n    </record>\n</filter>\n"
        "\n@include /filters\n"
        "\n<match *>\n    @type null\n    empty \n</match>\n"
        "\n@include /end\n"
    )


def test_nothing_is_an_empty_file():
    assert Configuration().text("fluentbit") == Configuration().text("fluentd") == ""
