"""Brings the result topics to PostgreSQL and Redis, where people's services read them.

Public: `services.projector.offsets` (how far both stores are). Process: ``python -m services.projector``.
"""
