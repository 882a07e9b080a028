"""Statements of account and ageing: read from PostgreSQL, proven in ``domain``, written in five formats.

Nothing is written but the ``statements`` table (one row a version) and the files that the caller asks for.
"""
