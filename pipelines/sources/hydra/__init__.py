"""Hydra: its HTTP answers, its own database, and the facts that both give."""
