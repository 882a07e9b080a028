"""The job on our engine: ``job`` is what an application's author writes, ``worker`` puts it together."""
