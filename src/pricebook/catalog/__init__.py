"""The nouns of pricing: frozen, strict values without ids, clock or I/O."""
