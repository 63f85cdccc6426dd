"""Coverage by outcome: what was found of each name of the catalogue, with the count that each figure is of."""
