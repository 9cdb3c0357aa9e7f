"""What a configuration may say, and the sentence for what it may not."""

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines import configuration, paths
from pipelines.errors import BadInput

HYDRA = '[[hydra]]\nurl = "https://hydra.example.org/"\njobsets = ["a/b", "a/c"]\n'


def written(folder: Path, text: str, name: str = "config.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_included_files_come_first_and_folders_are_relative_to_their_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep", f'histories = ["one"]\n{HYDRA}', "more.toml")
    found = configuration.load(
        written(tmp_path, 'include = ["deep/more.toml"]\nhistories = ["two"]\ninbox = "in"\n')
    )
    assert found.histories == (tmp_path / "deep" / "one", tmp_path / "two")
    assert found.inbox == tmp_path / "in"
    (live,) = found.live
    assert live.instance.url == "https://hydra.example.org"
    assert [jobset.name for jobset in live.instance.jobsets] == ["a/b", "a/c"]
    assert live.freshness == timedelta(hours=configuration.FRESHNESS_HOURS)
    assert found.instance("https://hydra.example.org/") is live
    assert found.instance("https://other.example.org") is None


def test_a_database_names_the_variable_that_holds_its_address(tmp_path: Path) -> None:
    text = (
        "[[hydra_database]]\nsource = 'https://h.example/'\ndsn_env = 'MY_DSN'\n"
        "jobsets = ['a/b']\nfreshness_hours = 2\n"
    )
    (database,) = configuration.load(written(tmp_path, text)).databases
    assert database == configuration.Database("https://h.example", "MY_DSN", ("a/b",), timedelta(hours=2))


def test_feeds_of_notices_have_a_name_and_globs(tmp_path: Path) -> None:
    feed = '[[notices]]\nname = "{}"\nglobs = ["python3*Packages.**", "blender"]\n'
    written(tmp_path, feed.format("more"), "more.toml")
    found = configuration.load(written(tmp_path, 'include = ["more.toml"]\n' + feed.format("my-python")))
    globs = ("python3*Packages.**", "blender")
    assert found.notices == (configuration.Notices("more", globs), configuration.Notices("my-python", globs))
    owned = '[[notices]]\nname = "mine"\nmaintainers = ["me"]\nteams = ["cuda"]\n'
    (mine,) = configuration.load(written(tmp_path, owned)).notices
    assert mine == configuration.Notices("mine", maintainers=("me",), teams=("cuda",))
    with pytest.raises(BadInput, match=r"two .*notices.* named more"):
        configuration.load(written(tmp_path, 'include = ["more.toml"]\n' + feed.format("more")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[notices]]\nglobs = ['a']", "name is None"),
        ("[[notices]]\nname = '../x'\nglobs = ['a']", "name is '../x'"),
        ("[[notices]]\nname = 'x'\nglobs = []", "globs is"),
        ("[[notices]]\nname = 'x'", "x chooses nothing"),
        ("[[notices]]\nname = 'x'\nmaintainers = 'me'", "maintainers is 'me'"),
        ("[[notices]]\nname = 'x'\nteams = ['a', '']", "teams is"),
        ("[[notices]]\nname = 'x'\nglobs = ['a', 3]", "globs is"),
        ("[[notices]]\nname = 'x'\nglobs = ['a']\nmail = 'm'", "mail is no setting"),
        ("notices = 'x'", "no list of tables"),
        ("histories = 3", "no list of folders"),
        ("histories = [3]", "no list of folders"),
        ("include = 'x'", "no list of files"),
        ("histroies = []", "'histroies'"),
        ("inbox = 3", "inbox"),
        ("waves = 3", "a `waves` that is no folder"),
        ("waves = ''", "a `waves` that is no folder"),
        ("hydra = 3", "no list of tables"),
        ("histories = [", "is not TOML"),
        ('include = ["config.toml"]', "in a circle"),
        ('include = ["absent.toml"]', "does not exist"),
        (HYDRA + "freshness_hours = 0\n", "freshness_hours is 0"),
        (HYDRA + "freshness_hours = true\n", "freshness_hours is True"),
        (HYDRA + "jobset = []\n", "jobset is no setting"),
        ('[[hydra]]\nurl = "ftp://x"\n', "not an http"),
        ('[[hydra_database]]\ndsn_env = "X"\njobsets = ["a/b"]\n', "source is None"),
        ('[[hydra_database]]\nsource = "https://h"\ndsn_env = "X Y"\njobsets = ["a/b"]\n', "dsn_env"),
        ('[[hydra_database]]\nsource = "https://h"\ndsn_env = "X"\njobsets = []\n', "jobsets is []"),
        (
            '[[hydra_database]]\nsource = "https://h"\ndsn_env = "pg://u:p@h"\njobsets = []\n',
            "dsn_env is no name: ",
        ),
        (
            '[[hydra_database]]\nsource = "https://h"\ndsn_env = "X"\njobsets = ["a/b"]\ndsn = "postgres://u:p@h"\n',
            "dsn is no setting",
        ),
    ],
)
def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        configuration.load(written(tmp_path, text))
    assert said in str(caught.value)
    assert "u:p" not in str(caught.value)


def test_the_bundled_configuration_names_histories_that_are_there() -> None:
    found = configuration.load(paths.EXAMPLES / "bundled.toml")
    assert len(found.histories) == 7
    assert all(folder.is_dir() for folder in found.histories)


def test_waves_lie_beside_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep", 'waves = "mine"', "more.toml")
    assert (
        configuration.load(written(tmp_path, "include = ['deep/more.toml']")).waves
        == tmp_path / "deep" / "mine"
    )
    own = written(tmp_path, "include = ['deep/more.toml']\nwaves = 'waves/'")
    assert configuration.load(own).waves == tmp_path / "waves"
