"""Chaos: faults strike a throw-away stack in mid-flow, and after each the books are proven to be right."""
