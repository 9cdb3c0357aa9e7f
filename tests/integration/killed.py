"""A process that is there to be killed: `test_killed_ingest` runs it, it is no test itself.

Called with folders of a history. For each line on standard input, a folder for state, it forks a child that
ingests all folders there one after the other, and prints the child's process id. Upon another line it waits
for the child to end and prints its exit status; until then the id cannot become another process's. The
libraries are loaded once: fifty starts would cost more than all the ingests.
"""

import importlib.util
import os
import sys
from pathlib import Path

from pipelines import ingest
from pipelines.log.store import EventLog


def main(folders: list[Path]) -> None:
    """Fork a child for every line; no library has started a thread in this process by then."""
    while line := sys.stdin.readline():
        var = Path(line.strip())
        child = os.fork()
        if child == 0:
            log = EventLog(var / "log")
            for folder in folders:
                ingest.history(folder, log, var / "quarantine", lambda _: None)
            os._exit(0)
        print(child, flush=True)
        sys.stdin.readline()
        _, status = os.waitpid(child, 0)
        print(status, flush=True)


if __name__ == "__main__":
    # DuckDB looks for it when it is first handed a table: a second in every child, were it not here already.
    if importlib.util.find_spec("pandas"):
        importlib.import_module("pandas")
    main([Path(name) for name in sys.argv[1:]])
