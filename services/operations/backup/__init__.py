"""A backup of what cannot be made again: the records of the input topics, and the tables that services own."""
