"""Where things are in a checkout or an installed wheel. Said once."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SQL = ROOT / "sql"
SITE = ROOT / "site"
EXAMPLES = ROOT / "examples"
