"""Pictures of six key pages in light, dark, phone and print, for people to look at.

python tests/browser/screenshots.py build/report/html build/screenshots
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests import ground
from tests.browser import served

LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "light",
        "device_scale_factor": 2,
        "is_mobile": True,
    },
}


def key_pages(html: Path) -> list[str]:
    """Home, the largest jobset and channel pages, time to fix, coverage, data."""

    def largest(folder: str) -> str:
        pages = [path for path in (html / folder).rglob("*.html") if path.name != "index.html"]
        return max(pages, key=lambda path: (path.stat().st_size, str(path))).relative_to(html).as_posix()

    return [
        "index.html",
        largest("jobsets"),
        largest("channels"),
        "time_to_fix.html",
        "coverage.html",
        "data.html",
    ]


def take(html: Path, out: Path, chromium: str) -> list[Path]:
    """Write the pictures and return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    taken = []
    with served.site(html) as base, served.browser(chromium) as browser:
        for look, options in LOOKS.items():
            context = browser.new_context(**options)
            for name in key_pages(html):
                page = context.new_page()
                page.goto(base + name)
                served.settle(page)
                stem = name.removesuffix(".html").replace("/", "-")
                target = out / f"{stem}.{look}.png"
                page.screenshot(path=target, full_page=True)
                taken.append(target)
                if look == "dark":
                    printed = out / f"{stem}.print.pdf"
                    page.pdf(path=printed, format="A4", print_background=True)
                    taken.append(printed)
                page.close()
            context.close()
    return taken


if __name__ == "__main__":
    found = ground.find_chromium()
    if len(sys.argv) != 3 or not found:
        sys.exit(
            "Usage: screenshots.py HTML_FOLDER OUT_FOLDER, on a machine with Chromium (apt install chromium)."
        )
    for picture in take(Path(sys.argv[1]), Path(sys.argv[2]), found):
        print(picture)
