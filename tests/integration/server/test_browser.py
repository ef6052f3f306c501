"""The pages in Chromium: what people do, with and without JavaScript; hostile texts stay texts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from outrider.protocols.uplink import Problem, Row

Make = Callable[..., Any]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"

pytestmark = pytest.mark.chromium


@pytest.fixture
def shop(server: Any, make_agent: Make, make_row: Callable[..., Row]) -> Any:
    """A server with one host, some records and a hostile one."""
    agent = make_agent(server, f"shop {HOSTILE}"[:200])
    rows = [make_row(f"GET /cart/{n} 200") for n in range(150)]
    rows += [make_row("needle in the haystack", severity="error"), make_row(HOSTILE, container=HOSTILE, key=HOSTILE)]
    assert agent.send(rows)[0] == 200
    agent.heartbeat(version=HOSTILE, problems=[Problem(HOSTILE, HOSTILE)])
    server.wait_stored()
    return server


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, shop: Any) -> Iterator[Any]:
    """A page whose console must stay silent."""
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        context = chromium.new_context(
            ignore_https_errors=True,
            base_url=shop.page,
            java_script_enabled=request.param == "with JavaScript",
            viewport={"width": 1280, "height": 900},
        )
        opened = context.new_page()
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("dialog", lambda dialog: complaints.append(dialog.message))
        opened.goto("/")
        opened.fill("[name=password]", shop.ready["password"])
        opened.click("main button")
        opened.wait_for_url("**/hosts")
        yield opened
        chromium.close()
    assert complaints == []


def follow(page: Any, selector: str) -> None:
    """Click what leads to another page, and wait for that page: a count does not wait."""
    with page.expect_navigation():
        page.click(selector)


def test_hosts_logs_and_a_hostile_record(page: Any, shop: Any) -> None:
    assert page.locator("table.hosts tbody tr").count() == 1
    assert page.locator(".badge").first.text_content() == "Warning"
    follow(page, "nav.chips a.error")
    assert "No host matches" in page.content()
    follow(page, "text=Show all of them")
    follow(page, "table.hosts a.name")
    assert HOSTILE[:20] in page.locator("h1").text_content()
    assert page.title() != "owned"

    follow(page, "header nav >> text=Logs")
    page.fill("[name=q]", "needle")
    follow(page, "form.search button")
    assert page.locator("details.record").count() == 1
    assert page.locator(".message").text_content() == "needle in the haystack"
    page.click("details.record summary")
    assert page.locator("pre.whole").is_visible()
    with page.expect_response("**/api/v1/logs?*") as answer:
        page.click("text=As JSON")
    assert answer.value.json()["records"][0]["message"] == "needle in the haystack"

    page.goto("/logs?q=script")
    assert page.locator(".message").text_content() == HOSTILE
    page.click("details.record summary")
    assert page.locator(".fields dd", has_text=HOSTILE).count() >= 1
    assert page.locator("main img").count() == 0
    assert page.title() != "owned"


def test_paging_and_empty_results(page: Any, shop: Any) -> None:
    page.goto("/logs")
    assert page.locator("details.record").count() == 100
    follow(page, "text=Older records")
    assert page.locator("details.record").count() == 52
    assert page.locator("text=Older records").count() == 0
    follow(page, "text=Newest")
    assert page.locator("details.record").count() == 100
    assert "152 records, 100 of them here" in page.locator(".resultline").inner_text()
    with page.expect_navigation():
        page.locator(".chart a").last.click()
    assert page.locator("details.absolute[open]").count() == 1
    assert page.locator("details.record").count() >= 1
    page.goto("/logs?q=nothinglikethis")
    assert "Nothing found" in page.content()


def test_a_token_is_made_and_nothing_is_wider_than_a_narrow_window(page: Any, shop: Any) -> None:
    follow(page, "text=Add a host")
    follow(page, "main button")
    assert page.locator("pre.secret").text_content().startswith("orj1.")
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/hosts", "/logs", "/hosts/add"):
        page.goto(path)
        box = page.locator("main").bounding_box()
        assert box["width"] <= 360
        assert page.locator("main > *").first.bounding_box()["width"] <= 360
