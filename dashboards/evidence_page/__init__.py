"""The page of a pack of evidence: what its runs show, article by article of RTS 6."""
