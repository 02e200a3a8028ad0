"""Adaptive filters: how large the step of LMS may be, how fast it learns, and what it leaves."""
