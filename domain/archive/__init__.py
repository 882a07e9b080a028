"""The archive: closed records of an account leave its hot state without changing any outcome (docs/adr/0015)."""
