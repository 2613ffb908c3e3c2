"""The back end in a triple store, here or at an endpoint: plans as SPARQL, and what shapes have in SPARQL."""
