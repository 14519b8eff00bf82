"""Item texts as vectors: phi of section 3.1."""
