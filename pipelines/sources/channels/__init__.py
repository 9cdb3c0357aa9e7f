"""Channels as people declare them (`channels.toml`) and as NixOS/infra declares the official ones."""
