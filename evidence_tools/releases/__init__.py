"""Versions of the report: snapshots, what changed, release, publication, verification."""
