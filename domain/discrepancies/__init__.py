"""Findings that two views of an account disagree: what they are, and one module per pair of views."""
