"""SHACL: read shapes, run them over a graph, report findings."""
