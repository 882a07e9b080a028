"""The work that people do: what each action needs, and the state that follows from the actions. Pure."""
