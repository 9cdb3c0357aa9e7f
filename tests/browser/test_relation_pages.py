"""Pages of relations, as they are written from the headers of their SQL."""

import re


def pages(report):
    return {
        f"{folder}/{path.stem}": path.read_text(encoding="utf-8")
        for folder in ("core", "metrics")
        for path in (report.html / folder).glob("*.html")
    }


def test_what_a_header_marks_as_code_is_code(report):
    paragraphs = {
        name: re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", page, re.DOTALL)
        for name, page in pages(report).items()
    }
    assert len(paragraphs) > 90
    raw = {name: one for name, found in paragraphs.items() for one in found if "`" in one or "&#96;" in one}
    assert raw == {}
    assert any("<code>tested</code>" in one for one in paragraphs["core/aggregate_constituents"])


def test_headings_are_names_in_words(report):
    headings = {name: re.search(r"<h1[^>]*>([^<]*)", page) for name, page in pages(report).items()}
    assert all(headings.values())
    words = {name: found[1].strip() for name, found in headings.items()}
    assert words["core/ci_details"] == "CI details"
    assert words["core/declared_eta"] == "Declared ETA"
    assert words["core/failure_episodes"] == "Failure episodes"
