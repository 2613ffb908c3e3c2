"""Mapping sets: read row by row without losing one, checked by rules, explained, repaired, converted."""
