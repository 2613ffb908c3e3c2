"""What a shapes graph says: nodes to shapes, well formed or refused with the place."""
