"""From sources to the published report: event log, warehouse, assets, publishing, command line."""

import os

# The allocator of polars reads this when polars is loaded. Events are read in chunks, of which each wants the memory
# that the one before it gave back: kept for five seconds and not for half of one, it is not asked for anew each time.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:5000,muzzy_decay_ms:5000")
