"""The only reader of environment variables."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipelines import paths


@dataclass(frozen=True)
class Settings:
    """Places of state and output, and where the site will be served, if that is known."""

    var: Path
    build: Path
    config: Path
    site_url: str | None = None

    @property
    def log(self) -> Path:
        """The event log: the only thing that must be kept."""
        return self.var / "log"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file; it can be deleted and comes back equal."""
        return self.var / "warehouse.duckdb"

    @property
    def quarantine(self) -> Path:
        """Input that could not be used, with the reason."""
        return self.var / "quarantine"

    @property
    def report(self) -> Path:
        """Assembled sources and the built site."""
        return self.build / "report"


def load() -> Settings:
    """Read `NIXPKGS_HEALTH_VAR`, `NIXPKGS_HEALTH_BUILD`, `NIXPKGS_HEALTH_CONFIG`, `NIXPKGS_HEALTH_SITE_URL`.

    Without them: `var/` and `build/` of the checkout, the configuration of the bundled histories, no address.
    """
    return Settings(
        var=Path(os.environ.get("NIXPKGS_HEALTH_VAR") or paths.ROOT / "var").resolve(),
        build=Path(os.environ.get("NIXPKGS_HEALTH_BUILD") or paths.ROOT / "build").resolve(),
        config=Path(os.environ.get("NIXPKGS_HEALTH_CONFIG") or paths.EXAMPLES / "bundled.toml").resolve(),
        site_url=os.environ.get("NIXPKGS_HEALTH_SITE_URL") or None,
    )
