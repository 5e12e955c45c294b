"""Operations on many environments: audits, their figures, and comparisons of environments."""
