"""Turns the warehouse into the public report: figures, tables, pages, downloads. It computes no ratio."""
