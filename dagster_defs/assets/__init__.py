"""Thin assets: read, call, write a slice, say what happened."""
