"""The container definitions of the agent and of the log router.

The shape is that of the Alert Logic documents: the agent's image has a volume with the launcher, the router mounts it
(``volumesFrom``), waits for the agent's START, and has the launcher as its entry point. The launcher bounds the memory
of the generated inputs, then runs the router with one more output: syslog to the agent on 127.0.0.1:1514.

In Outrider's profile one image serves both containers. It has the launcher's volume, and its router stands at
``/fluent-bit/bin/fluent-bit``, where the launcher looks by default; so the same command runs Fluent Bit's own images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from outrider.model.errors import UserError
from outrider.taskdef.protect.debug import Debugging
from outrider.taskdef.protect.opened import substituted
from outrider.taskdef.protect.refusals import Refusals
from outrider.taskdef.protect.values import check_secret, check_server, check_token

Container: TypeAlias = dict[str, Any]

AWS_IMAGE = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"
OWN_IMAGE = "outrider:latest"
"""Published nowhere yet: it stands for one that the user builds."""
AGENT_PORT = 1514
ROUTER_NAME = "log_router"
PLUGINS = {name: f"/fluent-bit/{name}.so" for name in ("firehose", "cloudwatch", "kinesis")}
"""Outputs that AWS's image has as plug-ins to load, in the order in which the documents load them."""

START: Container = {"entryPoint": ["/fluent-bit/bin/fluent-bit"], "command": ["-c", "/fluent-bit/etc/fluent-bit.conf"]}
"""How Outrider's image runs as a router without the launcher."""

_CHECKS: dict[str, Callable[[str], Iterator[UserError]]] = {
    "--server": check_server,
    "--token": partial(check_token, "--token"),
    "--token-secret": check_secret,
}
"""``--key`` may be that of another vendor."""

_LAUNCHER_WORDS = ("-s", "Scheduler.Cap", "60", "-i", "Mem_Buf_Limit", "50M", "--")
_ROUTER_WORDS = (
    *("-F", "record_modifier", "-m", "*", "-p", "Record=pid 1"),
    *("-o", "syslog", "-m", "*", "-p", "Mode=tcp", "-p", "Host=127.0.0.1", "-p", f"Port={AGENT_PORT}"),
    *("-p", "Retry_Limit=False", "-p", "Syslog_Format=rfc3164", "-p", "Syslog_Maxsize=786432"),
    *("-p", "Syslog_Hostname_Key=container_id", "-p", "Syslog_Appname_Key=container_name"),
    *("-p", "Syslog_Procid_Key=pid", "-p", "Syslog_Message_Key=log"),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose agent it is. ``token_name`` is the variable that its registration token or key goes by."""

    name: str
    agent_name: str
    agent_image: str
    router_image: str
    launcher: str
    token_name: str


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "outrider",
            "outrider-agent",
            OWN_IMAGE,
            OWN_IMAGE,
            "/var/outrider/lib/fluent-bit/fluent-launch",
            "OUTRIDER_TOKEN",
        ),
        Profile(
            "alertlogic",
            "al-agent",
            "public.ecr.aws/alertlogic/al-agent-container:latest",
            AWS_IMAGE,
            "/var/alertlogic/lib/fluent-bit/fluent-launch",
            "KEY",
        ),
    )
}


def find_profile(name: str) -> Profile:
    """The profile of this name. Raises UserError if there is none."""
    if name not in PROFILES:
        raise UserError(f"unknown profile '{name}'", found=name, allowed=list(PROFILES), fix="name one of them")
    return PROFILES[name]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for. An image of None: a new container gets the profile's, an old one keeps its own.

    ``environment`` are variables of the agent, ``secrets`` those whose value ECS fetches (name to ARN).
    ``replace_log_driver`` allows to drop other log drivers, ``adopt_router`` to change a router that is there.
    ``debugging`` of None leaves what there is. ``single``: the agent is the router, too. ``awsvpc``: this is the
    networkMode of a task that names none.
    """

    profile: Profile
    agent_image: str | None = None
    router_image: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    replace_log_driver: bool = False
    adopt_router: bool = False
    debugging: Debugging | None = None
    single: bool = False
    awsvpc: bool = False

    @property
    def new_router_image(self) -> str:
        """The image of a router that is added."""
        return self.router_image or self.profile.router_image


def pairs(items: Iterable[tuple[str, str]], value: str) -> list[dict[str, str]]:
    """Items of ``environment`` (``value`` is "value") or ``secrets`` ("valueFrom")."""
    return [{"name": name, value: text} for name, text in items]


def agent_variables(
    profile: Profile,
    *,
    key: str | None,
    token: str | None,
    token_secret: str | None,
    server: str | None,
    template: bool = False,
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Environment and secrets of a ``Wish``. Raises UserError for what the profile's agent does not take, all of it.

    In a ``template`` the secret's name may be any text, and ``${Name}`` in a text is what CloudFormation puts there.
    """
    refusals = Refusals()
    given = {"--key": key, "--token": token, "--token-secret": token_secret}
    named = [option for option, value in given.items() if value is not None]
    if len(named) > 1:
        every = "both" if len(named) == 2 else "all"
        refusals.add([UserError(f"{' and '.join(named)} {every} say how the agent registers", fix="give one of them")])
    for option, value in {**given, "--server": server}.items():
        if value is None:
            continue
        if not value.strip():
            refusals.add([UserError(f"{option} is empty", fix="give a value, or leave it out")])
        elif option in ("--token", "--server") and profile.name != "outrider":
            reason = f"{option} is for profile outrider, this is {profile.name}"
            refusals.add([UserError(reason, fix="use --key, or drop it")])
        elif option in _CHECKS and not (template and ("${" in value or option == "--token-secret")):
            refusals.add(_CHECKS[option](value))
    refusals.settle()
    environment = {"OUTRIDER_SERVER": server, "KEY": key, "OUTRIDER_TOKEN": token}
    written = substituted if template else str
    return (
        tuple((name, written(value)) for name, value in environment.items() if value is not None),
        ((profile.token_name, written(token_secret)),) if token_secret is not None else (),
    )


def agent_container(wish: Wish) -> Container:
    """The agent's definition, its members in the order of the documents."""
    container: Container = {"name": wish.profile.agent_name, "image": wish.agent_image or wish.profile.agent_image}
    if wish.environment:
        container["environment"] = pairs(wish.environment, "value")
    if wish.secrets:
        container["secrets"] = pairs(wish.secrets, "valueFrom")
    return container


def router_container(wish: Wish, outputs: Iterable[str]) -> Container:
    """The router's definition, its members in the order of the documents; ``outputs`` are the plugins it is to have."""
    return {
        "name": ROUTER_NAME,
        "image": wish.new_router_image,
        "firelensConfiguration": {"type": "fluentbit"},
        **router_members(wish.profile, wish.new_router_image, outputs),
    }


def router_members(profile: Profile, image: str, outputs: Iterable[str]) -> Container:
    """The members that make a FireLens router that of the profile."""
    return {
        "volumesFrom": [{"sourceContainer": profile.agent_name}],
        "dependsOn": [{"containerName": profile.agent_name, "condition": "START"}],
        "entryPoint": [profile.launcher],
        "command": [*_LAUNCHER_WORDS, *_plugin_words(image, outputs), *_ROUTER_WORDS],
    }


def _plugin_words(image: str, outputs: Iterable[str]) -> list[str]:
    """Loads the plug-ins that are used, and only those: each costs memory."""
    if not is_of_aws(image):
        return []
    used = {name.lower() for name in outputs}
    return [word for name, path in PLUGINS.items() if name in used for word in ("-e", path)]


def plugin_notes(router: Container, outputs: Iterable[str]) -> list[str]:
    """What the command of a router lacks to load plug-ins that are used."""
    loaded = router.get("command")
    if not loaded or not is_of_aws(str(router.get("image"))):  # the image's own command loads them all
        return []
    used = dict.fromkeys(name.lower() for name in outputs)
    return [
        f"output {name} needs -e {PLUGINS[name]} in the command of '{router['name']}'"
        for name in used
        if name in PLUGINS and PLUGINS[name] not in loaded
    ]


def is_of_aws(image: str) -> bool:
    """Whether it is AWS's image, which has the plug-ins, whatever registry it comes from."""
    return "aws-for-fluent-bit" in image


def is_init(image: str) -> bool:
    """Whether it is AWS's image with the start program that fetches files and sets the task's variables."""
    return is_of_aws(image) and image.partition("@")[0].rpartition(":")[2].startswith("init-")


def is_stock(image: str) -> bool:
    """Whether it is AWS's image or Fluent Bit's own, which run as a router by themselves."""
    return is_of_aws(image) or "fluent/fluent-bit" in image
