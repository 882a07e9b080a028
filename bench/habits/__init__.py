"""Labelled accounts as real customers' banks send them: who names what how, and who pays what how.

It was written from what banks, ledgers and their users publish and without looking at the rules of ``domain.matching``.
"""
