"""The plan's calls as a shell script, to be read by a person and run by hand where that is wanted.

POSIX sh and curl. Data stands in single quotes it cannot leave, secrets and the token are variables that never become
an argument of a program, and a PUT first looks that it would erase nothing the plan did not read.
"""
