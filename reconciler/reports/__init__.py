"""Reporters: each is one function from a Report to text, and passes all data through `escaping`."""
