"""``outrider task security-group`` as a command."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from outrider.cli import task
from outrider.model.errors import UserError

RANGES = {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "it's web"}], "PrefixListIds": [{"PrefixListId": "pl-1"}]}
SELF = {"UserIdGroupPairs": [{"GroupId": "sg-1"}, {"GroupId": "sg-9"}]}
OPEN: dict[str, Any] = {
    "GroupId": "sg-1",
    "GroupName": "web",
    "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 1500, "ToPort": 1514, **RANGES},
        {"IpProtocol": "-1", **SELF},
    ],
}
CLOSED: dict[str, Any] = {"GroupId": "sg-2", "IpPermissions": []}


def run(*words: str, groups: tuple[dict[str, Any], ...] = (OPEN, CLOSED)) -> Any:
    app = typer.Typer()
    task.register(app)
    text = json.dumps({"SecurityGroups": groups})
    return CliRunner().invoke(app, ["task", "security-group", "-", *words], input=text)


def test_commands_close_it_and_words_say_why() -> None:
    done = run()
    assert done.exit_code == 1
    authorize, revoke = (shlex.split(line) for line in done.stdout.splitlines())
    assert authorize[:6] == ["aws", "ec2", "authorize-security-group-ingress", "--group-id", "sg-1", "--ip-permissions"]
    assert json.loads(authorize[6])[0] == {"IpProtocol": "tcp", "FromPort": 1500, "ToPort": 1513, **RANGES}
    assert revoke[2] == "revoke-security-group-ingress"
    assert json.loads(revoke[6])[1] == {"IpProtocol": "-1", **SELF}
    told = done.stderr.splitlines()
    assert told[0] == (
        "standard input:1:79: sg-1 (web) lets anybody (0.0.0.0/0), prefix list pl-1 reach TCP 1514: "
        "the rule opens TCP 1500 to 1514"
    )
    assert "members of the group itself, members of group sg-9 reach TCP 1514 and TCP 24224 and UDP 1514" in told[1]
    assert "others (GRE, ESP …) are not" in told[2]
    assert told[3] == "sg-2 opens none of the log ports"


def test_a_closed_group_is_fine() -> None:
    done = run("--group", "sg-2")
    assert (done.exit_code, done.stdout) == (0, "")


def test_a_group_that_is_not_there() -> None:
    error = run("--group", "sg-11").exception
    assert isinstance(error, UserError)
    assert "the file has no such group" in str(error)


def test_a_template_is_told_what_to_write(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(
        """resource "aws_security_group" "a" {
  ingress {
    protocol    = "udp"
    from_port   = 1500
    to_port     = 1514
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    protocol  = "tcp"
    from_port = 24224
    to_port   = 24224
    self      = true
  }
  ingress {
    protocol  = var.protocol
    from_port = 1
    to_port   = 2
  }
}
"""
    )
    app = typer.Typer()
    task.register(app)
    done = CliRunner().invoke(app, ["task", "security-group", str(file), "--group", "aws_security_group.a"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"{file}:14:3: note: only the deployment knows which ports this rule of aws_security_group.a opens",
        f"{file}:2:3: aws_security_group.a lets anybody (0.0.0.0/0) reach UDP 1514: the rule opens UDP 1500 to 1514",
        "  fix: open UDP 1500 to 1513 instead, as far as you use it",
        f"{file}:8:3: aws_security_group.a lets members of the group itself reach TCP 24224: the rule opens TCP 24224",
        "  fix: remove the rule",
    ]
