"""The back end on the columns: plans, and constraints in SPARQL where they can be, as SQL."""
