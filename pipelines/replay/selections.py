"""Which attributes the globs of a channel name. Thousands of attributes against a pattern made once per channel."""

import re

import polars as pl
import pyarrow as pa

SCHEMA = {
    "source": pl.String,
    "channel": pl.String,
    "attr": pl.String,
    "is_excluded": pl.Boolean,
    "is_exact": pl.Boolean,
}


def pattern(globs: list[str]) -> re.Pattern[str]:
    """One pattern for all globs: `**` stands for any letters, `*` for any but a dot; nothing else is special.

    Stars that stand side by side are one, so that no pattern takes more than a walk over the attribute.
    """
    parts = []
    for glob in globs:
        pieces = re.split(r"(\*+)", glob)
        parts.append(
            "".join(
                (".*" if len(piece) > 1 else "[^.]*") if piece.startswith("*") else re.escape(piece)
                for piece in pieces
            )
        )
    return re.compile("|".join(f"(?:{part})" for part in parts) or r"(?!)")


def named(given: pa.Table) -> pa.Table:
    """Attributes that a channel's globs name or exclude.

    In: source, channel, word (`named`, `excluded` or `attr`), text. Out: SCHEMA, sorted.
    """
    frame: pl.DataFrame = pl.from_arrow(given)  # type: ignore[assignment]
    rows = []
    for (source, channel), of in frame.sort("source", "channel").group_by(
        "source", "channel", maintain_order=True
    ):
        texts = {
            word: of.filter(pl.col("word") == word)["text"].to_list()
            for word in ("named", "excluded", "attr")
        }
        wanted, unwanted = pattern(texts["named"]), pattern(texts["excluded"])
        exact = set(texts["named"])
        rows += [
            (source, channel, attr, unwanted.fullmatch(attr) is not None, attr in exact)
            for attr in sorted(texts["attr"])
            if wanted.fullmatch(attr) or unwanted.fullmatch(attr)
        ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").to_arrow(compat_level=pl.CompatLevel.oldest())
