"""Alerts: tells people about discrepancies as they open, change and clear.

What is announced, chosen on purpose:
- A finding must stand for a grace (5 s by default) before it is announced: late data often clears a
  finding within moments, and one that is retracted within the grace was never worth a message.
- A change within the grace replaces what waits, so people read the latest figures only.
- A finding that clears is announced as cleared only if people had heard of it.
- More than a handful at once (10 by default) go out as one summary, so that a broken import is one message.
"""
