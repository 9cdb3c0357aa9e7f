"""Who may be asked: a public Hydra only when its operators agreed, one's own always."""

from pipelines.errors import BadInput
from pipelines.sources.hydra.instance import Instance


def require(instance: Instance) -> None:
    """Raises BadInput, saying why and what to do, when a public instance is not cleared to be crawled."""
    if instance.is_loopback:
        return
    missing = [
        name
        for name, is_set in (
            ("contact", bool(instance.contact)),
            ("operators_agreed = true", instance.operators_agreed),
        )
        if not is_set
    ]
    if missing:
        raise BadInput(
            f"{instance.source} is a public service and is not crawled without {' and '.join(missing)} in its "
            "configuration: a crawl costs its database, and unannounced crawlers are blocked; ask its operators, "
            "then set both (see examples/instances.toml)."
        )


def is_given(instance: Instance) -> bool:
    """Whether `require` lets it pass."""
    try:
        require(instance)
    except BadInput:
        return False
    return True


def user_agent(instance: Instance) -> str:
    """Project name and contact, by which operators know whom to write to."""
    return "nixpkgs-health" + (f" (+{instance.contact})" if instance.contact else "")
