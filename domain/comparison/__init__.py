"""A customer's statement laid against our books: every line of theirs, every document of ours, and the bridge between.

One comparison is the source of all that is said about a statement: the discrepancies, the line-by-line view and
the bridge. Amounts are signed in the book's view (``domain.parties``): debit > 0. Pure; the result depends on the
set of facts alone.
"""
