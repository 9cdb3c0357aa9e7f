"""Dagster assets: ingest, one per relation, publish. Thin wrappers; what they call knows nothing of Dagster."""
