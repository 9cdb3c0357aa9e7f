"""From sources to the published report: event log, warehouse, assets, publishing, command line."""
