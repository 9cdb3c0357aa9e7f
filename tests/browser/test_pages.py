"""What readers rely on, on every page of the report, seen through a real browser."""

import gzip
import re
from itertools import pairwise
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from pipelines.publish import palette
from tests.browser import fixture_world, plain, served, visits

FIRST_LOAD = 400_000
BEFORE_CHARTS = 60_000
PARTS = {"source", "n", "as-of", "version", "links"}


def test_no_page_complains(visited):
    assert {name: seen.said for name, seen in visited.items() if seen.said} == {}
    assert {name: seen.refused for name, seen in visited.items() if seen.refused} == {}


def test_no_request_leaves_the_host(visited, base):
    outside = {
        url
        for seen in visited.values()
        for url in seen.requests
        if not url.startswith((base, "data:", "blob:"))
    }
    assert outside == set()


def test_no_link_or_anchor_is_broken(seen, base, report):
    broken = set()
    for name, page in seen.items():
        for href in page["links"]:
            target, anchor = urldefrag(href)
            if not target.startswith(base):
                assert urlsplit(target).scheme == "https", f"{name} links to {href}"
                continue
            path = unquote(target.removeprefix(base)) or "index.html"
            if path == "jobs.html" and anchor.startswith("job="):
                anchor = ""  # a name for the page's script, tested below
            if not (report.html / path).is_file() or (anchor and unquote(anchor) not in seen[path]["ids"]):
                broken.add((name, href))
    assert broken == set()


def test_every_page_is_reachable_from_the_first(seen, base):
    reached, rest = {"index.html"}, ["index.html"]
    while rest:
        for href in seen[rest.pop()]["links"]:
            path = unquote(urldefrag(href)[0].removeprefix(base))
            if path in seen and path not in reached:
                reached.add(path)
                rest.append(path)
    assert set(seen) - reached == set()


def test_headings_are_in_order(seen):
    for name, page in seen.items():
        levels = [level for level, _ in page["headings"]]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(after - before <= 1 for before, after in pairwise(levels)), name


def test_ids_are_unique(seen):
    for name, page in seen.items():
        ids = [one for one in page["ids"] if not one.startswith("__")]
        assert len(ids) == len(set(ids)), name


def test_figures_are_drawn_with_their_words_and_five_parts(visited):
    figures = [(name, figure) for name, seen in visited.items() for figure in seen.seen["figures"]]
    assert len(figures) >= 15
    for name, figure in figures:
        where = f"{name} {figure['id']}"
        assert figure["drawn"], where
        assert figure["marks"] > 3, where
        assert len(figure["label"]) > 30, where
        assert figure["title"], where
        assert figure["subtitle"], where
        assert figure["rows"] > 0, where
        assert set(figure["parts"]) == PARTS, where
        assert figure["parts"]["source"].startswith("Source: "), where
        assert re.search(r"n = [\d\u202f]+", figure["parts"]["n"]), where
        assert re.search(r"As of \d", figure["parts"]["as-of"]), where
        assert fixture_world.VERSION[:12] in figure["parts"]["version"], where
        assert {"SQL", "CSV", "definition"} <= {text for text, _ in figure["links"]}, where


def test_images_have_an_alternative(seen):
    for name, page in seen.items():
        assert all(alternative and len(alternative) > 30 for _, alternative in page["images"]), name


def test_no_page_is_heavy(visited, pages, report):
    for name, seen in visited.items():
        total = sum(seen.sizes.values())
        assert total < FIRST_LOAD, (name, total, seen.sizes)
        early = sum(
            size for url, size in seen.sizes.items() if urldefrag(url)[0].endswith((".html", ".css", "/"))
        )
        assert early < BEFORE_CHARTS, (name, early)
    # An unopened page loads itself and what an opened one loads that is made of the same.
    relations = [seen.sizes for name, seen in visited.items() if plain.of_a_relation(name)]
    besides = max(
        sum(size for url, size in sizes.items() if not url.endswith(".html")) for sizes in relations
    )
    for name in set(pages) - set(visited):
        own = len(gzip.compress((report.html / name).read_bytes(), 6))
        assert own + besides < FIRST_LOAD, (name, own, besides)


def test_only_pages_with_charts_load_the_drawing_library(visited):
    for name, seen in visited.items():
        loaded = any(url.endswith("vega.js") for url in seen.requests)
        assert loaded == bool(seen.seen["figures"]), name


def test_hostile_names_stay_text(visited, seen):
    assert {name: page["strange"] for name, page in seen.items() if page["strange"]} == {}
    shown = "\n".join(
        text
        for name, visit in visited.items()
        if name.startswith(("jobsets/", "failing_for_long", "coverage"))
        for text in (visit.seen["text"], *visit.seen["whole"])
    )
    for name in (
        "<script>alert(1)</script>",
        "a|b | c",
        "`tick` ```fence```",
        "{{ 7 * 7 }}{% raise %}{# no #}",
        "[link](javascript:alert(3))",
    ):
        assert name in shown


@pytest.fixture
def jobset(visited):
    """A page with charts and tables."""
    return next(name for name in visited if name.endswith("nixpkgs/trunk.html"))


def test_the_scheme_can_be_changed_and_charts_follow(browser, base, jobset):
    page = browser.new_page()
    page.goto(base + jobset)
    served.settle(page)
    colours = "() => document.querySelector('.fig-plot svg').outerHTML.match(/#[0-9a-f]{6}/g)"
    assert set(page.evaluate(colours)) <= set(palette.LIGHT.values())
    page.click("label[title*='dark']:visible")
    page.wait_for_function("() => !document.querySelector('.fig-plot svg').outerHTML.includes('#566072')")
    assert set(page.evaluate(colours)) <= set(palette.DARK.values())
    page.close()


def test_instant_navigation_draws_the_next_page_and_the_one_before(browser, base, jobset):
    page = browser.new_page()
    page.goto(base + "jobsets/index.html")
    page.evaluate("() => { window.stayed = true; }")
    page.wait_for_load_state("networkidle")
    page.click(f"article a[href$='{jobset.rsplit('/', 1)[1]}'] >> nth=0")
    page.wait_for_selector(".fig")
    assert page.evaluate("() => window.stayed === true"), "the page was loaded anew"
    served.settle(page)
    assert page.query_selector(".fig-plot svg")
    assert page.query_selector("table.data th button")
    page.go_back()
    page.wait_for_selector("h1:has-text('Jobsets')")
    page.go_forward()
    page.wait_for_selector(".fig")
    served.settle(page)
    assert page.query_selector(".fig-plot svg")
    page.close()


def test_tables_sort_and_filter(browser, base, jobset):
    page = browser.new_page()
    page.goto(base + jobset)
    table = page.locator("table.data:has(th:has-text('Newest build'))").first
    days = "table => Array.from(table.tBodies[0].rows, row => Number(row.cells[4].dataset.v))"
    header = table.locator("th button:has-text('Days')")
    header.click()
    falling = table.evaluate(days)
    assert falling == sorted(falling, reverse=True)
    header.click()
    assert table.evaluate(days) == sorted(falling)
    assert table.locator("th[aria-sort=ascending]").count() == 1
    page.locator(".tbl-filter input:visible").first.fill("darwin package-0")
    visible = table.evaluate(
        "table => Array.from(table.tBodies[0].rows).filter(row => !row.hidden).map(row => row.textContent)"
    )
    assert visible
    assert all("darwin" in row and "package-0" in row for row in visible)
    page.close()


def test_a_job_is_found_with_its_history(browser, base, report):
    page = browser.new_page()
    page.goto(base + "failing_for_long.html")
    name = page.inner_text("table.data a[href*='jobs.html'] >> nth=0")
    page.click("table.data a[href*='jobs.html'] >> nth=0")
    page.wait_for_selector(".lookup-found table.data")
    assert page.input_value(".lookup input") == name
    assert "Fails now" in page.inner_text(".lookup-found")
    page.fill(".lookup input", "package-0")
    page.wait_for_selector(".lookup-found li a")
    page.click(".lookup-found li a >> nth=0")
    page.wait_for_selector(".lookup-found table.data")
    hostile = f"haskellPackages.{fixture_world.HOSTILE[0]}"
    page.fill(".lookup input", hostile)
    # The job before has a table too, until this one's is there.
    page.wait_for_selector(".lookup-found caption:not(:has-text('package-0'))")
    assert page.locator(".lookup-found caption").text_content() == f"Failures of {hostile}"
    page.fill(".lookup input", "no such job")
    page.wait_for_selector("text=No job of this name was ever seen to fail")
    page.close()


def test_tooltips_show_values_as_text(browser, base, jobset):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(base + jobset)
    served.settle(page)
    page.locator(".fig-plot .hover_marks path, .fig-plot [class*=hover] path").nth(20).hover(force=True)
    page.wait_for_selector(".fig-tip:not([hidden])")
    assert "failing" in page.inner_text(".fig-tip")
    page.close()


def test_without_javascript_the_static_pictures_stand_in(browser, base, jobset):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base + jobset)
    assert page.locator(".fig-static").first.is_visible()
    assert not page.locator(".fig-plot").first.is_visible()
    assert page.locator(".md-content > article > .tbl table.data").first.is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_shows_the_light_pictures(browser, base, jobset, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(base + jobset)
    served.settle(page)
    page.emulate_media(media="print")
    assert page.locator(".fig-static").first.is_visible()
    assert not page.locator(".fig-plot").first.is_visible()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    context.close()


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_scrolls_sideways_on_small_screens(browser, base, visited, width):
    fixed = ["index.html", "time_to_fix.html", "coverage.html", "data.html"]
    # Pages of one template differ in their names: the longest are the widest.
    alike = sorted((name for name in visited if name.startswith(("jobsets/h", "channels/"))), key=len)
    names = [*fixed, *alike[-8:]]
    seen = visits.visits(browser, base, names, viewport={"width": width, "height": 800})
    assert len(seen) > len(fixed)
    assert {name: one.seen["wide"] for name, one in seen.items() if one.seen["wide"] > 0} == {}


def test_reserved_heights_hold(browser, base, jobset):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(base + jobset)
    before = page.evaluate("() => document.querySelector('.fig-panels').getBoundingClientRect().height")
    served.settle(page)
    after = page.evaluate("() => document.querySelector('.fig-panels').getBoundingClientRect().height")
    assert abs(after - before) <= 12
    page.close()
