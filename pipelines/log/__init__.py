"""The event log: append-only Delta tables, one per event type, chained by batches. The only thing to keep."""
