"""The page of what rebuilds cost: which world comes first, what is linked, and where invented worlds never appear."""

import re
from urllib.parse import unquote, urldefrag

PAGE = "rebuild_cost.html"
LIVE, INVENTED = "ci.example.org", "hydra.example.org"


def text_of(report, name):
    return (report.html / name).read_text(encoding="utf-8")


def test_live_rebuilds_come_before_invented_ones(report):
    live, _, invented = text_of(report, PAGE).partition('id="proof-of-the-method"')
    assert f"Source&#58; {LIVE}" in live
    assert f"Source&#58; {INVENTED}" not in live
    assert f"Source&#58; {INVENTED}" in invented


def test_invented_rebuilds_are_on_no_front_page(report):
    for name in ("index.html", "jobsets/index.html", "channels/index.html"):
        assert INVENTED not in text_of(report, name)


def test_every_trigger_has_a_page_that_the_table_links_to(report, visited, base):
    linked = {unquote(urldefrag(href)[0].removeprefix(base)) for href in visited[PAGE].seen["links"]}
    pages = {name for name in visited if name.startswith("rebuild_cost/") and name.count("/") > 1}
    assert len(pages) == 6
    assert pages <= linked


def test_kinds_of_evidence_stand_in_rows_of_their_own(report):
    text = text_of(report, PAGE)
    tables = re.findall(r"<caption>Needless rebuilds of .*?</table>", text, re.DOTALL)
    kinds = ["strict", "wide", "structural", "suspected"]
    assert [re.findall(r"<tr><td[^>]*>([^<]*)</td>", table) for table in tables] == [kinds, kinds]
    assert all("never added up" in table for table in tables)
