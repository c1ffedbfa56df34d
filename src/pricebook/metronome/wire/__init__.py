"""Our nouns as the vendor's JSON, and back: one module per noun, both ways side by side."""
