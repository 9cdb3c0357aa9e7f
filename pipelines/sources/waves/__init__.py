"""Waves: what people declare and decide in files, and what tags of a repository say."""
