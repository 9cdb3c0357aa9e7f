"""Assembles the Markdown pages: the hand-written ones, and one for each jobset, channel, declared wave,
trigger of rebuilds and relation.

Pages are Jinja templates in which every value is escaped for HTML and Markdown unless it is markup of ours. A page
says nothing of its own: figures come from `charts/`, rows from `queries/`, words from `site/`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from pipelines.publish import cards, channel_files, scopes, text, views
from pipelines.publish.figure import Press, Scope
from pipelines.publish.lookup import Lookup
from pipelines.publish.notice_lists import Written
from pipelines.publish.text import esc
from pipelines.relations import Relation

QUERIES = Path(__file__).parent / "queries"


@dataclass
class Assembly:
    """What pages are made from, and where they go."""

    press: Press
    relations: Mapping[str, Relation]
    site: Path
    docs: Path
    jobsets: list[Scope]
    channels: list[Scope]
    data_version: str
    lookup: Lookup
    declared: list[Scope] = field(default_factory=list)
    """Declared channels."""
    site_url: str | None = None
    waves: list[Scope] = field(default_factory=list)
    configured: tuple[tuple[str, str], ...] = ()
    """Source and jobset of every live jobset that the configuration names."""
    notices: Written = field(default_factory=Written)
    """Feeds and lists of notices that were written."""
    pages: int = 0
    cache: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def rows(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a query of `queries/`, read once."""
        key = repr((name, sorted(parameters.items())))
        if key not in self.cache:
            query = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
            self.cache[key] = scopes.rows(self.press.con, query, parameters)
        return self.cache[key]

    def everything(self) -> Scope:
        """The scope of a page about all jobsets."""
        return scopes.whole(self.jobsets, "all jobsets" if len(self.jobsets) > 1 else self.jobsets[0].label)


def environment(assembly: Assembly) -> jinja2.Environment:
    """Jinja as the pages see it: strict, and escaping whatever is not our markup."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(assembly.site),
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: value if isinstance(value, Markup) else Markup(esc(value)),
        keep_trailing_newline=True,
        autoescape=False,
    )
    env.filters.update(
        number=text.number,
        percent=text.percent,
        days=text.days,
        bare_days=text.bare_days,
        day=text.day,
        exact=text.exact,
        counted=text.counted,
        signed=text.signed,
        prose=text.prose,
        titled=text.titled,
        month=lambda value: f"{value:%B %Y}",
        quoted=lambda value: Markup('"' + esc(value).replace("\\", "&#92;") + '"'),
    )
    return env


def write(assembly: Assembly, env: jinja2.Environment, template: str, target: str, **values: Any) -> None:
    """Render one page to `target`, a path below the pages with suffix .md."""
    root = "../" * target.count("/")
    page = env.get_template(template).render(
        rows=assembly.rows,
        relations=assembly.relations,
        jobsets=assembly.jobsets,
        channels=assembly.channels,
        everything=assembly.everything,
        package_sets=lambda: scopes.package_sets(assembly.press.con),
        rebuilt=lambda is_invented: scopes.rebuilt(assembly.press.con, is_invented=is_invented),
        data_version=assembly.data_version,
        lookup=assembly.lookup,
        notices=assembly.notices,
        configured={
            "sources": [source for source, _ in assembly.configured],
            "jobsets": [jobset for _, jobset in assembly.configured],
        },
        root=Markup(root),
        place=text.place,
        figure=lambda name, scope=None: assembly.press.figure(name, scope or assembly.everything(), root),
        cards=lambda: Markup(
            "".join(
                cards.html(card, root) for card in cards.cards(assembly.rows, assembly.everything().as_of_at)
            )
        ),
        view=views.bound(assembly, root),
        **values,
    )
    path = assembly.docs / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    assembly.pages += 1


def assemble(assembly: Assembly, env: jinja2.Environment, progress: Callable[[str], None]) -> None:
    """Write every page, telling `progress` of each that has figures."""
    for path in sorted((assembly.site / "pages").rglob("*.md")):
        target = path.relative_to(assembly.site / "pages").as_posix()
        if not target.startswith("metrics/") or target == "metrics/index.md":
            progress(f"page {target}")
            write(assembly, env, f"pages/{target}", target)
    for scope in assembly.jobsets:
        progress(f"jobset {scope.label}")
        write(
            assembly,
            env,
            "templates/jobset.md",
            text.place("jobsets", scope.source, scope.label) + ".md",
            scope=scope,
        )
    for scope in assembly.channels:
        progress(f"channel {scope.label}")
        write(
            assembly,
            env,
            "templates/channel.md",
            text.place("channels", scope.source, scope.label) + ".md",
            scope=scope,
        )
    for scope in assembly.declared:
        progress(f"channel {scope.label}")
        told = channel_files.told(assembly.rows, scope.source, scope.label, assembly.site_url)
        target = text.place("channels", scope.source, scope.label) + ".md"
        write(assembly, env, "templates/declared_channel.md", target, scope=scope, **told)
    for scope in assembly.waves:
        progress(f"wave {scope.parameters['wave']}")
        target = f"waves/declared/{text.slug(scope.parameters['wave'])}.md"
        write(assembly, env, "templates/wave.md", target, scope=scope)
    for trigger in assembly.rows("rebuild_trigger_list"):
        target = text.place("rebuild_cost", trigger["source"], trigger["jobset"])
        write(
            assembly,
            env,
            "templates/trigger.md",
            f"{target}/{text.slug(trigger['trigger'])}.md",
            told=trigger,
        )
    for relation in assembly.relations.values():
        hand = f"pages/{relation.schema}/{relation.name}.md"
        written = (assembly.site / hand).exists()
        words = (
            env.get_template(hand).render(root=Markup("../"), relations=assembly.relations) if written else ""
        )
        write(
            assembly,
            env,
            "templates/relation.md",
            f"{relation.schema}/{relation.name}.md",
            relation=relation,
            words=Markup(words.rstrip() + "\n") if written else None,
        )
