"""Fetches `channels.nix`, or reads it from a file: one request, bounded in size and time."""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from pipelines.errors import BadInput, HealthError
from pipelines.sources.channels.official import LARGEST

SECONDS = 30.0
REDIRECTS = 3
USER_AGENT = "nixpkgs-health (reads the list of channels once)"


def text_of(place: str) -> str:
    """The text at an https address (http on this machine only) or in a file.

    Raises BadInput for what cannot be asked or is no text, HealthError if the server does not answer with it.
    """
    if "://" in place:
        return _decoded(_asked(place), place)
    try:
        with Path(place).open("rb") as handle:
            content = handle.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"{place} cannot be read ({error.strerror}): correct the name.") from error
    return _decoded(content, place)


def _asked(url: str) -> bytes:
    import httpx  # imported here: most commands ask nobody

    content = b""
    try:
        with httpx.Client(
            timeout=SECONDS, headers={"User-Agent": USER_AGENT}, event_hooks={"request": [_allowed]}
        ) as client:
            client.follow_redirects, client.max_redirects = True, REDIRECTS
            with client.stream("GET", url) as answer:
                if answer.status_code != 200:
                    raise HealthError(
                        f"{url} answered {answer.status_code}: the declared channels hold as they are."
                    )
                for block in answer.iter_bytes():
                    content += block
                    if len(content) > LARGEST:
                        break
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        said = str(error) or type(error).__name__
        raise HealthError(
            f"{url} cannot be read ({said}): the declared channels hold as they are."
        ) from error
    return content


def _allowed(request: object) -> None:
    """Refuse whatever is not encrypted, also after a redirect, except on this machine."""
    parts = urlsplit(str(request.url))  # type: ignore[attr-defined]
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise BadInput(f"{str(request.url)[:200]} is no https address: give one, or a file.")  # type: ignore[attr-defined]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _decoded(content: bytes, place: str) -> str:
    if len(content) > LARGEST:
        raise BadInput(f"{place} has more than {LARGEST:,} bytes: that is not channels.nix.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{place} is not UTF-8 text: that is not channels.nix.") from error
