"""The project file and its named places: what to read, where live is, and what opening a place gives.

Credentials, writers, hosts and TLS never come from here: a repository must not choose what is trusted.
"""
