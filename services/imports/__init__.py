"""Ways into the books from outside: canonical NDJSON events, files of other systems, master data.

Events enter by the front door, the input topics; only master data goes to PostgreSQL directly.
"""
