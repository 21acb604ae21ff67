// Replaced by the target's first concept.
