"""Turns the warehouse into the public report: figures, tables, pages, downloads. Reads, selects and words; computes no ratio."""
