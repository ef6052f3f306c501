"""Credentials for AWS."""

from __future__ import annotations

from outrider.aws.credentials import Credentials as Keys
from outrider.aws.credentials import Identity
from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, ok

_ENDPOINTS = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
_SOURCES = {
    "env": "the environment (AWS_ACCESS_KEY_ID)",
    "container-role": "the task role, by the container's endpoint",
    "iam-role": "the instance's role",
    "assume-role": "a role that the profile assumes",
    "assume-role-with-web-identity": "a web identity (IRSA)",
    "shared-credentials-file": "~/.aws/credentials",
    "config-file": "~/.aws/config",
    "custom-process": "a process that the profile names",
    "sso": "SSO",
}
_REGION = "us-east-1"
_AWS = frozenset({"Cloudwatch", "CloudwatchLogs", "Firehose", "Kinesis", "KinesisFirehose", "KinesisStreams", "S3"})


class Credentials(Check[str]):
    """Whether there are keys for AWS, and where they come from. They are not shown."""

    id = "credentials"
    fix = "give the task a taskRoleArn; outrider task iam prints its policy"
    seconds = 8.0

    def idle(self) -> str:
        """See Check."""
        outputs = self.subject.router.plan.of_kind("output") if self.subject.router else []
        plugins = [item.plugin for item in outputs]
        if any(type(one).__name__ in _AWS or getattr(one.options, "aws_auth", False) for one in plugins):
            return ""
        if any(self.subject.environment.get(name) for name in _ENDPOINTS):
            return ""
        return "no output to AWS is configured, and the task has no role"

    async def look(self) -> str:
        """See Check. Who gives the keys, in botocore's words."""
        keys = Keys(Identity(self.subject.environment.get("AWS_REGION") or _REGION))
        await keys.current()
        return keys.source

    def judge(self, seen: str) -> Verdict:
        """See Check."""
        return ok(f"keys come from {_SOURCES.get(seen, seen)}")
