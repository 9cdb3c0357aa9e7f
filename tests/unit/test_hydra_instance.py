"""Who may be asked, and what a configuration may say."""

from datetime import UTC, datetime

import pytest

from pipelines import configuration, paths
from pipelines.errors import BadInput
from pipelines.sources.hydra import consent
from pipelines.sources.hydra.instance import RATE, Instance, from_toml, from_url


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://hydra.nixos.org", "hydra.nixos.org"),
        ("https://hydra.nixos.org:443/", "hydra.nixos.org"),
        ("http://Hydra.example.org:3000", "hydra.example.org:3000"),
        ("https://example.org/ci/hydra/", "example.org/ci/hydra"),
    ],
)
def test_a_source_is_named_by_host_port_and_path(url: str, source: str) -> None:
    assert from_toml({"url": url}, "here").source == source


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "hydra.localhost"])
def test_ones_own_machine_needs_no_consent(host: str) -> None:
    consent.require(from_url(f"http://{host}:3000", ("p/j",)))


@pytest.mark.parametrize(
    ("table", "missing"),
    [
        ({}, "contact and operators_agreed = true"),
        ({"contact": "a@example.org"}, "operators_agreed = true"),
        ({"operators_agreed": True}, "contact"),
        ({"contact": " ", "operators_agreed": True}, "contact"),
    ],
)
@pytest.mark.parametrize(
    "host", ["hydra.nixos.org", "127.0.0.1.example.org", "localhost.example.org", "10.0.0.1", "192.168.1.1"]
)
def test_a_public_instance_needs_a_contact_and_the_word_of_its_operators(
    table: dict[str, object], missing: str, host: str
) -> None:
    instance = from_toml({"url": f"https://{host}", **table}, "here")
    with pytest.raises(BadInput, match=f"without {missing} in"):
        consent.require(instance)


def test_with_both_it_is_asked_and_told_who_asks() -> None:
    instance = from_toml(
        {"url": "https://hydra.nixos.org", "contact": "a@example.org", "operators_agreed": True}, "here"
    )
    consent.require(instance)
    assert consent.user_agent(instance) == "nixpkgs-health (+a@example.org)"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "url is None"),
        ({"url": "hydra.nixos.org"}, "not an http or https address"),
        ({"url": "file:///etc/passwd"}, "not an http or https address"),
        ({"url": "https://a:b@example.org"}, "user name or password"),
        ({"url": "https://a.org", "rate": 0}, "rate is 0"),
        ({"url": "https://a.org", "rate": "fast"}, "rate is 'fast', expected a number"),
        ({"url": "https://a.org", "rate": True}, "rate is True, expected a number"),
        ({"url": "https://a.org", "jobsets": ["nixpkgs"]}, "'nixpkgs' is not of the form PROJECT/JOBSET"),
        ({"url": "https://a.org", "jobsets": ["a/b?c"]}, "is not of the form"),
        ({"url": "https://a.org", "jobsets": ["../b"]}, "is not of the form"),
        ({"url": "https://a.org", "jobsets": ["a/b", {"name": "a/b"}]}, "names a/b twice"),
        ({"url": "https://a.org", "jobsets": [{"name": "a/b", "huge": True}]}, "huge is no setting here"),
        ({"url": "https://a.org", "jobset": ["a/b"]}, "jobset is no setting here"),
        ({"url": "https://a.org", "contact": "me\nHost: x@y"}, "contact is"),
        ({"url": "https://a.org", "contact": "me"}, "contact is 'me'"),
        ({"url": "https://a.org", "window": "night"}, "window is 'night'"),
        ({"url": "https://a.org", "operators_agreed": "yes"}, "expected true or false"),
        ({"url": "https://a.org:99999"}, "not an http or https address"),
        ({"url": "https://a.org:port"}, "not an http or https address"),
        ({"url": "https://a.org:0"}, "not an http or https address"),
        ({"url": "https://[::1"}, "not an http or https address"),
        ({"url": "https://a.org/x y"}, "not an http or https address"),
        ({"url": "https://a.org/x\ny"}, "not an http or https address"),
        ({"url": "https://a.org", "rate": float("nan")}, "rate is nan"),
        ({"url": "https://a.org", "rate": 1001}, "rate is 1001"),
        ({"url": "https://a.org", "refresh_seconds": float("nan")}, "refresh_seconds is nan"),
        ({"url": "https://a.org", "refresh_seconds": float("inf")}, "refresh_seconds is inf"),
        ({"url": "https://a.org", "refresh_seconds": -1}, "refresh_seconds is -1"),
        ({"url": "https://a.org", "jobsets": [{"name": "a/b", "pages": 0}]}, "pages of a/b is 0"),
        (
            {"url": "https://a.org", "jobsets": [{"name": "a/b", "pages": float("nan")}]},
            "pages of a/b is nan",
        ),
        ({"url": "https://a.org", "window": "22:00+01:00-23:00"}, "window is '22:00+01:00-23:00'"),
        ({"url": "https://a.org", "window": "22:00-22:00"}, "window is '22:00-22:00'"),
        ({"url": "https://a.org", "channels": []}, "channels is no setting here"),
    ],
)
def test_a_mistake_is_named_with_its_place(table: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=r"^here: ") as raised:
        from_toml(table, "here")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("window", "hour", "is_open"),
    [
        ("22:00-06:00", 23, True),
        ("22:00-06:00", 5, True),
        ("22:00-06:00", 6, False),
        ("22:00-06:00", 12, False),
        ("01:00-03:00", 2, True),
        ("01:00-03:00", 3, False),
        (None, 3, True),
    ],
)
def test_a_window_of_time_may_run_over_midnight(window: str | None, hour: int, is_open: bool) -> None:
    table = {"url": "https://a.org", **({"window": window} if window else {})}
    assert from_toml(table, "here").is_open(datetime(2026, 9, 1, hour, tzinfo=UTC)) is is_open


def test_the_public_instances_are_named_and_none_may_be_asked() -> None:
    live = configuration.load(paths.EXAMPLES / "instances.toml").live
    instances = {one.instance.source: one.instance for one in live}
    assert set(instances) == {"hydra.nixos.org", "hydra.nix-community.org", "hydra.nixos-cuda.org"}
    for instance in instances.values():
        assert not consent.is_given(instance)
        assert instance.rate <= RATE


@pytest.mark.parametrize(
    "url", ["https://u:s3cret@a.org:port", "ftp://u:s3cret@a.org", "https://u:s3@cret@a.org/x y"]
)
def test_no_message_repeats_a_password_of_an_address(url: str) -> None:
    with pytest.raises(BadInput) as raised:
        from_toml({"url": url}, "here")
    assert "cret" not in str(raised.value)
    assert "a.org" in str(raised.value)


def test_unfinished_builds_of_ones_own_hydra_are_asked_for_on_every_run() -> None:
    assert from_url("http://localhost:3000", ("a/b",)).refresh_seconds == 0
    assert from_url("https://hydra.example.org", ("a/b",)).refresh_seconds == 1800
    assert Instance("https://hydra.example.org").refresh_seconds == 1800
