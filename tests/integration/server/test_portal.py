"""The portal without a browser: login, rate limit, forgery, headers, the API's rights and errors."""

from __future__ import annotations

import http.client
import json
import re
import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from outrider.model.errors import UserError
from outrider.protocols.uplink import Row
from outrider.server import admin

Make = Callable[..., Any]


class Browser:
    """Just enough of one: cookies and forms, no following of redirects."""

    def __init__(self, server: Any) -> None:
        self.server, self.cookie = server, ""

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, str]:
        connection = http.client.HTTPSConnection(urlsplit(self.server.page).netloc, context=self.server.tls, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            sent["Cookie"] = self.cookie
        body = urlencode(form) if form is not None else None
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    def log_in(self, password: str, **headers: str) -> http.client.HTTPResponse:
        answer, _ = self.request("POST", "/login", {"user": "admin", "password": password}, **headers)
        cookie = answer.headers.get("set-cookie", "")
        if cookie:
            self.cookie = cookie.split(";")[0]
        return answer


@pytest.fixture
def browser(server: Any) -> Browser:
    return Browser(server)


def test_login_logout(server: Any, browser: Browser) -> None:
    answer, _ = browser.request("GET", "/logs?q=x")
    assert (answer.status, answer.headers["location"]) == (303, "/login?next=%2Flogs%3Fq%3Dx")
    assert browser.log_in("wrong").status == 401
    answer = browser.log_in(server.ready["password"])
    assert (answer.status, answer.headers["location"]) == (303, "/hosts")
    for attribute in ("HttpOnly", "SameSite=strict", "Secure", "Path=/"):
        assert attribute in answer.headers["set-cookie"]
    page = browser.request("GET", "/hosts")[1]
    assert "No host yet" in page
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    browser.request("POST", "/logout", {"csrf": "wrong"})
    assert browser.request("GET", "/hosts")[0].status == 200
    browser.request("POST", "/logout", {"csrf": csrf[1]})
    assert browser.request("GET", "/hosts")[0].status == 303


def test_too_many_wrong_passwords_must_wait(server: Any, browser: Browser) -> None:
    for _ in range(5):
        assert browser.log_in("wrong").status == 401
    answer = browser.log_in(server.ready["password"])
    assert answer.status == 429
    assert 0 < int(answer.headers["retry-after"]) <= 300


def test_wrong_passwords_of_nobody_lock_nobody_else_out_but_many_names_lock_the_address(
    server: Any, browser: Browser
) -> None:
    for n in range(50):
        form = {"user": f"nobody {n // 5}", "password": "wrong"}
        assert browser.request("POST", "/login", form)[0].status == 401
        if n == 4:
            assert browser.request("POST", "/login", form)[0].status == 429
            assert browser.log_in(server.ready["password"]).status == 303
    assert browser.request("POST", "/login", {"user": "new", "password": "wrong"})[0].status == 429


def test_what_is_not_there_is_explained(server: Any, browser: Browser) -> None:
    browser.log_in(server.ready["password"])
    for path in ("/nothing", "/hosts/none"):
        answer, page = browser.request("GET", path)
        assert answer.status == 404
        assert '<a href="/logs"' in page
    answer, body = browser.request("GET", "/api/v1/nothing")
    assert (answer.status, json.loads(body)["error"]["code"]) == (404, "not_found")
    assert json.loads(body)["error"]["fix"]
    answer, body = browser.request("DELETE", "/api/v1/hosts")
    assert (answer.status, json.loads(body)["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in json.loads(body)["error"]["fix"]
    for method in ("GET", "POST"):
        answer, body = browser.request(method, "/agent/v1/ca")
        assert answer.status == 404
        assert server.ingest in json.loads(body)["error"]["fix"]


def test_a_login_form_of_another_site_is_refused(server: Any, browser: Browser) -> None:
    assert browser.log_in(server.ready["password"], Origin="https://evil.example").status == 403
    assert browser.log_in(server.ready["password"], Origin=server.page).status == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\tx", "javascript:1"]
)
def test_after_login_one_stays_on_this_server(server: Any, browser: Browser, target: str) -> None:
    form = {"user": "admin", "password": server.ready["password"], "next": target}
    assert browser.request("POST", "/login", form)[0].headers["location"] == "/hosts"


def test_a_new_password_ends_sessions(server: Any, browser: Browser) -> None:
    browser.log_in(server.ready["password"])
    fresh = admin.reset_password(server.data)
    assert browser.request("GET", "/hosts")[0].status == 303
    assert browser.log_in(server.ready["password"]).status == 401
    assert browser.log_in(fresh).status == 303


def test_security_headers(server: Any, browser: Browser) -> None:
    for path in ("/login", "/api/v1/hosts", "/static/outrider.css", "/nothing"):
        answer, _ = browser.request("GET", path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert ("no-store" in answer.headers["cache-control"]) != path.startswith("/static")


def test_only_the_login_and_health_are_open(server: Any, browser: Browser) -> None:
    for path in ("/", "/hosts", "/hosts/add", "/hosts/x", "/logs"):
        assert browser.request("GET", path)[0].status == 303, path
    for path in ("/api/v1/hosts", "/api/v1/hosts/x", "/api/v1/logs", "/api/v1/ledger"):
        answer, body = browser.request("GET", path)
        assert (answer.status, json.loads(body)["error"]["code"]) == (401, "unauthorized"), path
        assert browser.request("GET", path, Authorization="Bearer wrong")[0].status == 401
    assert browser.request("POST", "/api/v1/tokens", {})[0].status == 401
    assert browser.request("GET", "/healthz")[0].status == 200
    assert browser.request("GET", "/static/../pages.py")[0].status == 404


def test_tokens_by_api_need_the_sessions_header(server: Any, browser: Browser) -> None:
    browser.log_in(server.ready["password"])
    answer, body = browser.request("POST", "/api/v1/tokens", {})
    assert (answer.status, json.loads(body)["error"]["code"]) == (403, "csrf")
    made = server.call("/api/v1/tokens", {"ttl": "1h", "uses": 3, "host_name_prefix": "web-"})
    assert made["token"].startswith(f"orj1.{made['id']}.")
    (row,) = [row for row, _ in admin.list_tokens(server.data) if row.id == made["id"]]
    assert (row.uses, row.name_prefix, row.created_by) == (3, "web-", "given out at start")


def test_the_form_makes_a_token_once_with_the_right_csrf(server: Any, browser: Browser) -> None:
    browser.log_in(server.ready["password"])
    assert browser.request("POST", "/hosts/add", {"ttl": "1h", "uses": "1"})[0].status == 400
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.request("GET", "/hosts/add")[1])
    assert csrf
    form = {"csrf": csrf[1], "ttl": "1h", "uses": "2", "prefix": ""}
    page = browser.request("POST", "/hosts/add", form)[1]
    assert "orj1." in page
    assert re.search(f"--server {server.ingest} --token orj1", page)
    assert "It is for 2 agents and ends" in page
    answer, page = browser.request("POST", "/hosts/add", form | {"uses": "0"})
    assert answer.status == 400
    assert "from 1 to 1,000,000" in page


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"from": "yesterday"}, "'yesterday' is not a time"),
        ({"from": "1h", "to": "2h"}, "'from' is not before 'to'"),
        ({"severity": "eror"}, "unknown severity 'eror'"),
        ({"limit": "0"}, "'limit' is '0'"),
        ({"cursor": "x"}, "'cursor'"),
        ({"query": "x"}, "unknown parameter 'query'"),
        ({"q": "a" * 1001}, "1001 characters"),
        ({"q": '"'}, "the quote is not closed"),
    ],
)
def test_wrong_parameters_are_explained(server: Any, browser: Browser, parameters: dict[str, str], says: str) -> None:
    authorization = f"Bearer {server.ready['api_token']}"
    answer, body = browser.request("GET", f"/api/v1/logs?{urlencode(parameters)}", Authorization=authorization)
    error = json.loads(body)["error"]
    assert answer.status == 400
    assert says in error["message"]
    assert error["fix"]


def test_search_finds_what_the_language_says(server: Any, make_agent: Make, make_row: Callable[..., Row]) -> None:
    messages = [
        "User alice logged in from 10.0.0.1",
        "user bob logged out from 10.0.0.11",
        "disk /dev/sda1 is 91% full",
        "Grüße aus Zürich",
        "say 'it''s' \\ done; DROP TABLE records --",
        "in logged alice",
    ]
    web, db = make_agent(server, "web-1"), make_agent(server, "db-1", token=admin.create_token(server.data))
    start = 1_700_000_000 * 10**9
    assert web.send([make_row(m, start + n, container="web") for n, m in enumerate(messages)])[0] == 200
    assert db.send([make_row("User carol logged in", start + 50, container="db", severity="WARN")])[0] == 200
    server.wait_stored()

    def search(q: str = "", **more: str) -> list[str]:
        found = server.call("/api/v1/logs", **{"from": "2023-11-14", "to": "2023-11-15", "q": q, **more})
        return [record["message"] for record in found["records"]]

    assert search("USER logged") == ["User carol logged in", messages[1], messages[0]]
    assert search('"logged in"') == ["User carol logged in", messages[0]]
    assert search("10.0.0.1") == [messages[0]]
    assert search("logged -alice -carol") == [messages[1]]
    assert search("zürich") == [messages[3]]
    assert search("91%") == [messages[2]]
    assert search("it''s") == [messages[4]]
    assert search('"\\ done"') == [messages[4]]
    assert search("log") == []
    assert search(host="db-1") == ["User carol logged in"]
    assert search(host=web.host_id, q="bob") == [messages[1]]
    assert search(host="nobody") == []
    assert search(container="db") == ["User carol logged in"]
    assert search(severity="warning+") == ["User carol logged in"]
    assert search(severity="debug") == []
    over = server.call("/api/v1/histogram", **{"from": "2023-11-14", "to": "2023-11-15", "q": "logged"})
    assert over["total"] == 4
    (bar,) = [bar for bar in over["bars"] if bar[1]]
    assert bar[0] <= start < bar[0] + over["width_ns"]
    assert bar[1:] == [4, 0]
    assert search(**{"from": "1699999999999999999", "to": "1700000000000000002"}) == [messages[1], messages[0]]


def test_the_container_filter_is_about_the_name_of_the_task_definition(
    server: Any, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    names = [f"ecs-web-1-{name}-0123456789abcdef0123" for name in ("web", "log-worker", "a-long-way-down-the-hall")]
    assert make_agent(server).send([make_row(name, container=name) for name in names])[0] == 200
    server.wait_stored()
    found = {
        text: {record["message"] for record in server.call("/api/v1/logs", container=text)["records"]}
        for text in ("web", "WORK", "ecs-web-1-log", names[0])
    }
    assert found == {"web": {names[0]}, "WORK": {names[1]}, "ecs-web-1-log": {names[1]}, names[0]: {names[0]}}
    browser = Browser(server)
    browser.log_in(server.ready["password"])
    page = browser.request("GET", "/logs")[1]
    assert '<option value="log-worker">' in page
    assert '<span class="container">a-long-way-down-the-hall</span>' in page
    assert f'title="web-1 / {names[2]}"' in page


def test_a_host_that_stopped_can_be_removed_and_its_records_stay(
    server: Any, browser: Browser, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    agent = make_agent(server, "web-1")
    assert agent.send([make_row("last words")])[0] == 200
    server.wait_stored()
    agent.heartbeat()
    with pytest.raises(UserError, match="is online"):
        admin.forget_host(server.data, "web-1")
    browser.log_in(server.ready["password"])
    page = browser.request("GET", f"/hosts/{agent.host_id}")[1]
    assert "Remove from the list" not in page
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    forget = f"/hosts/{agent.host_id}/forget"
    assert browser.request("POST", forget, {"csrf": csrf[1]})[0].status == 409
    agent.heartbeat(stopping=True)
    page = browser.request("GET", f"/hosts/{agent.host_id}")[1]
    assert "nothing waits in its spool" in page
    assert "Remove from the list" in page
    assert browser.request("POST", forget, {"csrf": "wrong"})[0].status == 403
    assert browser.request("POST", forget, {"csrf": csrf[1]})[0].status == 303
    assert server.call("/api/v1/hosts") == {"hosts": []}
    assert server.wait_stored()["received"] == 1
    (record,) = server.call("/api/v1/logs", host="web-1")["records"]
    assert (record["host_name"], record["message"]) == ("web-1", "last words")
    assert browser.request("GET", f"/hosts/{agent.host_id}")[0].status == 200
    with pytest.raises(UserError, match="there is no host 'web-1'"):
        admin.forget_host(server.data, "web-1")


def test_tasks_that_ended_long_ago_are_shown_to_those_who_ask(server: Any, browser: Browser, make_agent: Make) -> None:
    make_agent(server, "task-1").heartbeat(stopping=True)
    database = sqlite3.connect(server.data / "control.sqlite", isolation_level=None)
    database.execute("UPDATE hosts SET kind = 'task', seen_ns = seen_ns - 25 * 3600 * 1000000000")
    database.close()
    browser.log_in(server.ready["password"])
    page = browser.request("GET", "/hosts")[1]
    assert "1 task that is offline for more than a day is left out" in page
    assert ">task-1</a>" not in page
    for asked in ("state=Offline", "q=task"):
        assert ">task-1</a>" in browser.request("GET", f"/hosts?{asked}")[1]
    (host,) = server.call("/api/v1/hosts")["hosts"]
    assert host["past"] is True


def test_pages_follow_one_another_without_gap_or_repetition(
    server: Any, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    agent = make_agent(server)
    start = 1_700_000_000 * 10**9
    # Many records of the same time, in several batches: the order must still be total.
    for batch in range(4):
        assert agent.send([make_row(f"{batch} {n}", start + n // 10) for n in range(50)])[0] == 200
    server.wait_stored()
    seen, cursor = [], ""
    while True:
        page = server.call("/api/v1/logs", **{"from": "2023-11-14", "to": "2023-11-15", "limit": "7", "cursor": cursor})
        seen += [(record["ts_ns"], record["message"]) for record in page["records"]]
        cursor = page["next"]
        if not cursor:
            break
        assert len(page["records"]) == 7
    assert len(seen) == len(set(seen)) == 200
    assert [ts for ts, _ in seen] == sorted((ts for ts, _ in seen), reverse=True)


def test_long_messages_are_cut_on_pages_and_whole_alone(
    server: Any, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    long, exact = "ü" * 200_000, "x" * 65_536
    assert make_agent(server).send([make_row(long), make_row(exact)])[0] == 200
    server.wait_stored()
    by_size = {record["size"]: record for record in server.call("/api/v1/logs")["records"]}
    assert by_size[65_536]["message"] == exact
    cut = by_size[400_000]
    assert cut["message"] == long[:65_536]
    assert server.call(f"/api/v1/records/{cut['id']}") == {**cut, "message": long}
    browser = Browser(server)
    browser.log_in(server.ready["password"])
    page = browser.request("GET", "/logs")[1]
    assert page.count("All of it, as JSON") == 1
    answer, _ = browser.request("GET", "/api/v1/records/1.2.3")
    assert answer.status == 404
    assert browser.request("GET", "/api/v1/records/x")[0].status == 400


def test_plain_http_on_loopback(make_server: Make) -> None:
    server = make_server("--http")
    assert server.page.startswith("http://127.0.0.1:")
    assert server.call("/api/v1/hosts") == {"hosts": []}
