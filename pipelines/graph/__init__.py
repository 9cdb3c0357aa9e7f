"""The graph of derivations in arrays: what an update reaches, level by level, many roots at a time."""
