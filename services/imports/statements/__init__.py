"""Files that customers and banks send → drafts → canonical events.

One way for every format: ``formats`` finds the reader, a reader makes ``draft.StatementDraft`` values and
``reasons.Problem`` values, ``turn`` brings a draft into our view, ``events`` makes the canonical event.
"""
