"""Batches as columns: from Avro records to what a binary COPY takes, without a Python object for each value.

A batch holds thousands of records of few schemas. Field by field, each step (read a number, move on) is one operation
of numpy over all records, and text is only pointed at where it stands in them.

Public: `table` (columns and their rows), `avro` (records → columns), `binary_copy` (columns → COPY).
"""
