"""LMS in finite words, bit-true: the filter, its specification, and the proof that int64 holds its values."""
