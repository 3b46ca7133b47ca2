"""The HTML report as a person meets it: in a browser, by mouse and by keyboard."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from bulkops.outcome import Outcome
from bulkops.report import Report
from tests.browser.chromium import missing
from tests.browser.conftest import Browser
from tests.browser.pages import HOSTILE, hostile, large, write

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

ENTER, ARROW_RIGHT, ARROW_DOWN, TAB = "\ue007", "\ue014", "\ue015", "\ue004"


@pytest.fixture(scope="module")
def report() -> Report:
    return large(300)


@pytest.fixture(scope="module")
def page(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(report, tmp_path_factory.mktemp("pages") / "report.html")


def named(report: Report, *outcomes: Outcome) -> list[str]:
    return [row.account for row in report.accounts if row.outcome in outcomes]


def test_the_page_says_first_what_became_of_the_run(browser: Browser, page: Path, report: Report) -> None:
    browser.open(page)
    counts = report.outcomes
    assert browser.text("h1").startswith(f"Finished: {counts[Outcome.CHANGED]} changed, ")
    troubled = counts[Outcome.FAILED] + counts[Outcome.UNKNOWN]
    assert browser.text(".badge") == f"{troubled} need attention"
    parts = (entry.split(maxsplit=1) for entry in browser.texts(".legend li"))
    legend = {name: count for count, name in parts}
    assert legend == {name.value.replace("_", " "): str(count) for name, count in counts.items() if count}
    assert browser.text("#found") == "300 accounts"
    assert len(browser.accounts) == 50


def test_searching_looks_through_everything_known_of_an_account(browser: Browser, page: Path, report: Report) -> None:
    browser.open(page)
    one = next(row for row in report.accounts if row.outcome is Outcome.CHANGED)
    browser.press(str(one.detail["import"]["package_id"]), "#search")
    assert browser.accounts == [one.account]
    assert browser.text("#found") == "1 of 300 accounts"
    browser.click("#reset")
    assert browser.text("#found") == "300 accounts"
    browser.press("REFUSED credentials", "#search")
    assert browser.accounts == named(report, Outcome.FAILED)
    browser.click("#reset")
    browser.press("otter", "#search")
    others = [row for row in report.accounts if "Otter" in str(row.name)][:50]
    assert browser.accounts == [row.account for row in others]
    assert browser.texts("#table .called") == [row.name for row in others]
    browser.press(" nowhere", "#search")
    assert browser.accounts == []
    assert browser.text("#found") == "0 of 300 accounts"


def test_filters_add_up_and_say_so(browser: Browser, page: Path, report: Report) -> None:
    browser.open(page)
    names = [text.rstrip("0123456789 ") for text in browser.texts(".filters button")]
    browser.click(".filters button", names.index("failed"))
    assert browser.accounts == named(report, Outcome.FAILED)
    browser.click(".filters button", names.index("unknown"))
    assert browser.accounts == named(report, Outcome.FAILED, Outcome.UNKNOWN)
    pressed = browser.texts(".filters [aria-pressed=true]")
    assert [text.split()[0] for text in pressed] == ["failed", "unknown"]
    browser.click(".filters button", names.index("failed"))
    assert browser.accounts == named(report, Outcome.UNKNOWN)


@pytest.mark.parametrize("narrow", [False, True])
def test_sorting_both_ways_with_the_empty_ones_last(browser: Browser, page: Path, report: Report, narrow: bool) -> None:
    browser.open(page, width=390 if narrow else 1280)
    browser.run("document.querySelector('[data-sort=took] button').click()")
    took = sorted(
        (row.ended_at - row.started_at, -row.seq, row.account)
        for row in report.accounts
        if row.ended_at and row.started_at
    )
    assert browser.accounts[:3] == [account for *_, account in reversed(took)][:3]
    assert browser.run("return document.querySelector('[data-sort=took]').ariaSort") == "descending"
    browser.run("document.querySelector('[data-sort=took] button').click()")
    assert browser.accounts[:3] == [account for *_, account in took][:3]
    browser.click("[data-sort=account] button")
    browser.click("[data-sort=account] button")
    assert browser.accounts[0] == report.accounts[-1].account
    assert browser.run("return document.querySelectorAll('[aria-sort]').length") == 1


def test_pages_of_the_table(browser: Browser, page: Path, report: Report) -> None:
    browser.open(page)
    assert browser.text("#page") == "1 to 50 of 300"
    assert not browser.driver.find_element("id", "previous").is_enabled()
    for _ in range(5):
        browser.click("#next")
    assert browser.text("#page") == "251 to 300 of 300"
    assert browser.accounts == [row.account for row in report.accounts[250:]]
    assert not browser.driver.find_element("id", "next").is_enabled()
    browser.click("#previous")
    assert browser.text("#page") == "201 to 250 of 300"


@pytest.mark.parametrize("width", [1280, 390])
def test_an_account_opens_to_all_that_is_known_of_it(browser: Browser, page: Path, report: Report, width: int) -> None:
    browser.open(page, width=width)
    one = next(row for row in report.accounts if row.outcome is Outcome.FAILED)
    browser.press(one.account, "#search")
    browser.click("#table tbody button")
    told = dict(zip(browser.texts(".more dt"), browser.texts(".more dd"), strict=True))
    assert told["reason"] == one.reason
    assert told["failure class"] == one.failure_class
    assert told["remedy"] == one.remedy
    steps = browser.texts(".more table tbody th")
    assert steps == ["create-folder", "import", f"start {7_000_000 + one.seq}"]
    assert browser.run("return document.activeElement.getAttribute('aria-expanded')") == "true"
    box = browser.run("const b = document.querySelector('.more dl').getBoundingClientRect(); return [b.left, b.right]")
    assert 0 <= box[0] < box[1] <= width
    browser.press(ENTER)
    assert browser.texts(".more") == []


def test_a_cause_shows_its_accounts(browser: Browser, page: Path, report: Report) -> None:
    browser.open(page)
    (failed,) = (one for one in report.clusters if one.outcome is Outcome.FAILED)
    browser.click("[data-cluster]", report.clusters.index(failed))
    assert browser.accounts == named(report, Outcome.FAILED)
    assert browser.text("#found").endswith("of one cause")
    command = f"bulkops retry {report.run_id} --failure-class connection-not-authorized"
    assert command in browser.texts(".cause code")
    browser.click(".cause .copy")
    assert browser.texts(".cause .copy")[0] in {"Copied", "Selected", "Copy"}


def test_the_mosaic_by_mouse_and_by_keyboard(browser: Browser, page: Path, report: Report) -> None:
    browser.open(page)
    browser.run("document.querySelector('#mosaic').focus()")
    browser.press(ARROW_RIGHT)
    first = report.accounts[0]
    assert browser.text("#mosaic-says").startswith(f"{first.account} ({first.name}): ")
    browser.press(ARROW_RIGHT)
    browser.press(ARROW_DOWN)
    columns = browser.run("return Math.floor(document.querySelector('#mosaic').clientWidth / arguments[0])", 20)
    below = report.accounts[1 + columns]
    outcome = below.outcome.value.replace("_", " ")
    assert browser.text("#mosaic-says").startswith(f"{below.account} ({below.name}): {outcome}")
    browser.press(ENTER)
    assert browser.run("return document.activeElement.textContent") == below.account
    assert browser.run("return document.activeElement.ariaExpanded") == "true"
    browser.click("#mosaic svg")
    assert browser.run("return document.activeElement.ariaExpanded") == "true"


def test_every_cell_has_its_shape(browser: Browser, page: Path, report: Report) -> None:
    """Without color too: an outcome is told by the number of corners of its cells."""
    browser.open(page)
    drawn = {
        name: path.count("M")
        for name, path in browser.run(
            "return [...document.querySelectorAll('#mosaic path:not(.cursor):not(.wave)')]"
            ".map((one) => [one.getAttribute('class'), one.getAttribute('d')])"
        )
    }
    assert drawn == {outcome.value: count for outcome, count in report.outcomes.items() if count}


def test_everything_can_be_reached_by_keyboard_and_has_a_name(browser: Browser, page: Path) -> None:
    browser.open(page)
    unnamed = browser.run(
        "return [...document.querySelectorAll('button, a, input, [role=img], [role=region], [role=group], section')]"
        ".filter((one) => one.getClientRects().length && !(one.textContent.trim() || one.ariaLabel"
        " || one.getAttribute('aria-labelledby') || one.labels?.length)).map((one) => one.outerHTML)"
    )
    assert unnamed == []
    browser.press(TAB, "body")
    assert browser.run("return document.activeElement.className") == "skip"
    browser.press("/", "body")
    assert browser.run("return document.activeElement.id") == "search"
    heads = browser.run("return [...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))")
    assert heads[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(heads))


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (820, False), (390, False), (390, True)])
def test_nothing_sticks_out_at_any_width(browser: Browser, page: Path, width: int, dark: bool) -> None:
    browser.open(page, width=width, dark=dark)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    ink, paper = browser.run(
        "const style = getComputedStyle(document.documentElement); return [style.color, style.backgroundColor]"
    )
    assert (lightness(ink) > lightness(paper)) == dark
    assert abs(lightness(ink) - lightness(paper)) > 0.7


def lightness(color: str) -> float:
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", color)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_hostile_texts_are_only_texts(browser: Browser, tmp_path: Path) -> None:
    report = hostile()
    browser.open(write(report, tmp_path / "hostile.html"))
    title = browser.driver.title
    assert title.startswith("Finished: 13 failed of 13 accounts")
    for place in range(len(HOSTILE)):
        browser.click("#table > tbody > tr > td.account button", place)
    for place in range(len(HOSTILE)):
        browser.run(
            "arguments[0].dispatchEvent(new Event('mouseover', {bubbles: true}))",
            browser.driver.find_elements("css selector", "td.account")[place],
        )
    assert browser.driver.title == title
    assert len(browser.texts("script")) == 2
    assert browser.run("return document.querySelectorAll('img, iframe, object, embed, link, body > b').length") == 0
    assert browser.run(
        "return [...document.querySelectorAll('a')].every((one) => one.getAttribute('href').startsWith('#'))"
    )
    assert browser.accounts[:2] == list(HOSTILE[:2])
    assert "7 * 7" in browser.accounts[4]
    assert browser.texts(".more dl")[12].count("株式会社") >= 4
    assert "\u202e" not in browser.run("return document.documentElement.textContent")
    assert "hunter2" not in browser.run("return document.documentElement.outerHTML")


def _worked_ms(browser: Browser) -> float:
    """What the page's thread has worked since it went there: on a quiet machine the time that a person waits."""
    metrics = browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1000.0 * float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def test_ten_thousand_accounts_open_and_filter_within_a_second(browser: Browser, tmp_path: Path) -> None:
    report = large(10_000)
    page = write(report, tmp_path / "large.html")
    assert page.stat().st_size < 3_000_000
    browser.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    browser.open(page)
    opened_ms = _worked_ms(browser)
    browser.run(
        "const input = document.querySelector('#search');"
        "input.value = 'refused 9'; input.dispatchEvent(new Event('input'));"
        "document.querySelector('[data-sort=took] button').click();"
        "document.body.getBoundingClientRect()"
    )
    spent_ms = _worked_ms(browser) - opened_ms
    failed = named(report, Outcome.FAILED)
    assert browser.text("#found") == f"{len(failed)} of 10,000 accounts"
    print(
        f"10,000 accounts: {page.stat().st_size:,} bytes, open in {opened_ms:.0f} ms, search and sort {spent_ms:.0f} ms"
    )
    assert opened_ms < 1000
    assert spent_ms < 1000


def test_printing_shows_every_account_that_is_selected(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert len(browser.accounts) == 300
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert len(browser.accounts) == 50
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert len(printed["data"]) > 10_000


def test_a_run_without_details_still_makes_a_page(browser: Browser, tmp_path: Path, report: Report) -> None:
    import attrs

    plain = attrs.evolve(report, details=None)
    browser.open(write(plain, tmp_path / "plain.html"))
    assert browser.texts("h2") == [
        "Every account, by outcome",
        "What was not done, by cause",
        "Over time",
        "Accounts",
    ]
    empty = attrs.evolve(report, details=None, accounts=[])
    browser.open(write(empty, tmp_path / "empty.html"))
    assert browser.text("#found") == "0 accounts"
