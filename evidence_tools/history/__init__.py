"""The report over time: snapshots, what changed between them, releases and published sites."""
