"""``outrider server``: runs the server, and manages tokens, hosts and passwords in its data directory."""

from __future__ import annotations

import datetime
import importlib.util
import logging
from pathlib import Path
from typing import Annotated

import typer

from outrider.model.errors import UserError
from outrider.server.options import Address, Options, default_data, parse_address

_Data = Annotated[
    Path | None, typer.Option("--data", help="The server's data directory.", envvar="OUTRIDER_DATA", show_default=False)
]

_PARTS = ("starlette", "uvicorn", "httptools", "jinja2", "argon2", "chdb")
"""What the extra ``server`` installs and nothing else needs."""

server_app = typer.Typer(
    help="Run the server, and manage join tokens, hosts and passwords.", invoke_without_command=True
)
token_app = typer.Typer(help="Join tokens: what an agent enrols with.", no_args_is_help=True)
api_token_app = typer.Typer(help="Tokens for programs that use the API.", no_args_is_help=True)
host_app = typer.Typer(help="Enrolled hosts.", no_args_is_help=True)
user_app = typer.Typer(help="People who may log in; 'password' makes them.", no_args_is_help=True)
server_app.add_typer(user_app, name="user")
server_app.add_typer(token_app, name="token")
server_app.add_typer(api_token_app, name="api-token")
server_app.add_typer(host_app, name="host")


def register(app: typer.Typer) -> None:
    """Add ``outrider server`` to the command."""
    app.add_typer(server_app, name="server")


@server_app.callback()
def _plain(context: typer.Context) -> None:
    """``outrider server`` alone runs it."""
    _check_parts()
    if context.invoked_subcommand is None:
        _serve(Options(default_data()))


@server_app.command("run")
def run(
    data: _Data = None,
    listen: Annotated[str, typer.Option(help="Where people and programs connect.")] = "127.0.0.1:8443",
    ingest: Annotated[str, typer.Option(help="Where agents connect.")] = "127.0.0.1:8444",
    name: Annotated[
        list[str] | None, typer.Option(help="A further name or address for the server's certificate; repeatable.")
    ] = None,
    http: Annotated[bool, typer.Option("--http", help="Serve people without TLS; on a loopback address only.")] = False,
    ingest_url: Annotated[str, typer.Option(help="What agents are told to use, if it is not how they enrolled.")] = "",
    heartbeat: Annotated[int, typer.Option(help="Seconds between an agent's heartbeats.", min=1, max=3600)] = 30,
    keep_days: Annotated[int, typer.Option(help="Days that records are kept.", min=1, max=36_500)] = 30,
    ready_json: Annotated[
        bool,
        typer.Option("--ready-json", help="Print one line of JSON when ready, with a join token and an API token."),
    ] = False,
) -> None:
    """Run the server until SIGTERM or Ctrl-C."""
    people, agents = parse_address(listen, "--listen"), parse_address(ingest, "--ingest")
    _check_http(http, people)
    _check_apart(people, agents)
    _serve(
        Options(
            data=data or default_data(),
            listen=people,
            ingest=agents,
            names=tuple(name or ()),
            http=http,
            ingest_url=ingest_url,
            heartbeat_seconds=heartbeat,
            keep_days=keep_days,
            ready_json=ready_json,
        )
    )


def _check_parts() -> None:
    """The server's libraries are an extra: what lacks is said before anything is made."""
    missing = [name for name in _PARTS if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"the server's parts are not installed ({', '.join(missing)})",
            fix="install outrider with its extra: pip install '.[server]' in its source",
        )


def _check_apart(people: Address, agents: Address) -> None:
    """The kernel would let both bind, and one of them would never be reached."""
    hosts = {"127.0.0.1" if address.host == "localhost" else address.host for address in (people, agents)}
    if people.port and people.port == agents.port and (len(hosts) == 1 or hosts & {"0.0.0.0", "::"}):
        raise UserError(
            f"--listen {people} and --ingest {agents} are the same port",
            fix=f"give each its own, as in --ingest {Address(agents.host, agents.port % 65_535 + 1)}",
        )


def _check_http(http: bool, people: Address) -> None:
    if http and not people.loopback:
        raise UserError(
            f"--http on {people} would send passwords in the clear", fix="leave --http out, or listen on 127.0.0.1"
        )


def _serve(options: Options) -> None:
    # The server's libraries are loaded only when it runs.
    from outrider.server.program import run as serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    raise typer.Exit(serve(options))


@token_app.command("create")
def token_create(
    data: _Data = None,
    ttl: Annotated[str, typer.Option(help="How long it is valid: 30m, 24h, 7d.")] = "24h",
    uses: Annotated[int, typer.Option(help="How many agents may enrol with it; each start of an ECS task is one.")] = 1,
    host_name_prefix: Annotated[str, typer.Option(help="Only for hosts whose name begins so.")] = "",
) -> None:
    """Make a join token and print it; it is not shown again. What it is good for goes to standard error."""
    from outrider.server import admin
    from outrider.server.clock import wall
    from outrider.server.domain.durations import parse_span

    token = admin.create_token(data or default_data(), ttl=ttl, uses=uses, host_name_prefix=host_name_prefix)
    typer.echo(token)
    agents = "1 agent" if uses == 1 else f"{uses:,} agents"
    typer.echo(f"for {agents}, until {_when(wall() + parse_span(ttl) * 10**9)} UTC", err=True)
    if uses == 1:
        typer.echo("ECS starts a new agent with each task: for a service say --uses, as in --uses 1000", err=True)


@token_app.command("list")
def token_list(data: _Data = None) -> None:
    """List join tokens, newest first. Secrets are not kept, so they are not shown."""
    from outrider.server import admin

    tokens = admin.list_tokens(data or default_data())
    typer.echo(f"{'ID':10}{'STATE':9}{'USED':>9}  {'EXPIRES':18}{'BY':14}HOSTS")
    for row, state in tokens:
        used = f"{row.used}/{row.uses}"
        line = f"{row.id:10}{state:9}{used:>9}  {_when(row.expires_ns):18}{row.created_by:14}{row.name_prefix}*"
        typer.echo(_harmless(line))


@token_app.command("revoke")
def token_revoke(token: Annotated[str, typer.Argument(help="Its id.")], data: _Data = None) -> None:
    """Refuse a join token from now on."""
    from outrider.server import admin

    admin.revoke_token(data or default_data(), token)


@host_app.command("list")
def host_list(data: _Data = None) -> None:
    """List enrolled hosts."""
    from outrider.server import admin

    hosts = admin.list_hosts(data or default_data())
    typer.echo(f"{'ID':34}{'NAME':24}{'KIND':6}{'LAST HEARD':18}{'VERSION':10}".rstrip())
    for host in hosts:
        revoked = "revoked" if host.revoked_ns else ""
        line = f"{host.id:34}{host.name:24}{host.kind:6}{_when(host.seen_ns):18}{host.version:10}{revoked}"
        typer.echo(_harmless(line).rstrip())


@host_app.command("revoke")
def host_revoke(host: Annotated[str, typer.Argument(help="Its id.")], data: _Data = None) -> None:
    """Refuse a host's certificate from now on."""
    from outrider.server import admin

    admin.revoke_host(data or default_data(), host)


@host_app.command("forget")
def host_forget(host: Annotated[str, typer.Argument(help="Its name or id.")], data: _Data = None) -> None:
    """Leave a host that is offline out of the list; its records stay."""
    from outrider.server import admin

    gone = admin.forget_host(data or default_data(), host)
    typer.echo(_harmless(f"{gone.name} ({gone.id}) is forgotten; its records stay until they expire"))


@server_app.command("password")
def password(
    data: _Data = None,
    user: Annotated[str, typer.Option(help="Whose password.")] = "admin",
    create: Annotated[bool, typer.Option("--create", help="Make the user, who may then do everything.")] = False,
) -> None:
    """Set a new random password and print it; the user's sessions end."""
    from outrider.server import admin

    typer.echo(admin.reset_password(data or default_data(), user, create=create))


@user_app.command("list")
def user_list(data: _Data = None) -> None:
    """List who may log in. Each of them may do everything."""
    from outrider.server import admin

    typer.echo(f"{'PASSWORD SET':18}NAME")
    for name, changed_ns in admin.list_users(data or default_data()):
        typer.echo(_harmless(f"{_when(changed_ns):18}{name}"))


@user_app.command("delete")
def user_delete(user: Annotated[str, typer.Argument(help="The name.")], data: _Data = None) -> None:
    """Forget a user; the user's sessions end."""
    from outrider.server import admin

    admin.delete_user(data or default_data(), user)


@server_app.command("audit")
def audit(
    data: _Data = None, limit: Annotated[int, typer.Option(help="How many entries.", min=1, max=100_000)] = 50
) -> None:
    """List who did what, newest first: tokens made, hosts enrolled or refused, logins, revocations."""
    from outrider.server import admin

    for entry in admin.list_audit(data or default_data(), limit):
        detail = f"  ({entry.detail})" if entry.detail else ""
        typer.echo(_harmless(f"{_when(entry.at_ns)}  {entry.who}: {entry.what} {entry.about}{detail}"))


@api_token_app.command("create")
def api_token_create(name: Annotated[str, typer.Argument(help="What it is for.")], data: _Data = None) -> None:
    """Make a token for programs and print it: Authorization: Bearer TOKEN."""
    from outrider.server import admin

    typer.echo(admin.create_api_token(data or default_data(), name))


@api_token_app.command("list")
def api_token_list(data: _Data = None) -> None:
    """List tokens for programs. Secrets are not kept, so they are not shown."""
    from outrider.server import admin

    tokens = admin.list_api_tokens(data or default_data())
    typer.echo(f"{'ID':10}{'CREATED':18}NAME")
    for token in tokens:
        typer.echo(_harmless(f"{token.id:10}{_when(token.created_ns):18}{token.name}"))


@api_token_app.command("revoke")
def api_token_revoke(token: Annotated[str, typer.Argument(help="Its id or name.")], data: _Data = None) -> None:
    """Refuse a token for programs from now on."""
    from outrider.server import admin

    admin.revoke_api_token(data or default_data(), token)


def _harmless(text: str) -> str:
    """Names come from agents and from whoever tried to log in: nothing of them may steer the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _when(ns: int) -> str:
    return f"{datetime.datetime.fromtimestamp(ns // 10**9, datetime.UTC):%Y-%m-%d %H:%M}" if ns else "never"
