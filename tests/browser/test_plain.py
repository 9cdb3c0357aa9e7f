"""Pages that are read as files and not opened: there is nothing in them that a browser was not given on another."""

from urllib.parse import urljoin

import pytest

from tests.browser import plain


def test_pages_left_unopened_hold_nothing_that_opened_ones_do_not(visited, pages):
    unopened = set(pages) - set(visited)
    assert 30 <= len(visited) <= len(pages) - 50
    assert {name.split("/")[0] for name in unopened} == {"core", "metrics"}
    known = {kind for name in visited for kind in pages[name].kinds}
    assert {name: pages[name].kinds - known for name in unopened if not pages[name].kinds <= known} == {}
    assert [name for name in unopened if pages[name].has_figure] == []
    assert {name for name, page in pages.items() if page.has_figure} == {
        name for name, visit in visited.items() if visit.seen["figures"]
    }


def test_a_file_says_what_the_browser_shows(visited, pages, base):
    relations = [name for name in visited if plain.of_a_relation(name)]
    assert len(relations) >= 4
    for name in relations:
        shown, said = visited[name].seen, pages[name].seen
        for part in ("headings", "links", "strange"):
            assert said[part] == shown[part], (name, part)
        # The theme writes addresses of pictures out.
        drawn, named = (
            [[urljoin(base + name, source), alternative] for source, alternative in one["images"]]
            for one in (shown, said)
        )
        assert named == drawn, name
        # The script brings the pattern of hatched marks, and the theme numbers what it adds.
        assert [one for one in [*said["ids"], "hatch"] if not one.startswith("__")] == [
            one for one in shown["ids"] if not one.startswith("__")
        ], name


@pytest.mark.parametrize(
    ("ours", "other"),
    [
        ("stay()", "go()"),
        ("<script>", "<script defer>"),
        ("/our.js", "/other.js"),
        ("/our.svg", "/other.svg"),
        ("calm", "loud"),
        ("color: red", "background: url(//elsewhere)"),
        ("onclick", "onfocus"),
        ("<div><em>in</em>", "<div><img src='/our.svg' alt=''>"),
        ("leave()", "enter()"),
    ],
)
def test_a_page_with_something_of_its_own_is_opened(tmp_path, ours, other):
    whole = (
        "<p class='calm' onclick='leave()' style='color: red'>words</p><div><p>in</p></div><div><em>in</em></div>"
        "<script src='/our.js'></script><script>stay()</script><img src='/our.svg' alt=''>"
    )
    texts = {"index": whole, "core/a": whole.replace("words", "others"), "core/b": whole.replace(ours, other)}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    read = plain.read(tmp_path, "http://127.0.0.1/", texts)
    assert plain.needless(read, [name for name in texts if plain.of_a_relation(name)]) == {"core/a"}
