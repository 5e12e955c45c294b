"""Reconciles MetaStudio live rooms and interaction rule libraries with manifests in Git.

Data flows one way; each step takes values and returns values:

    manifest files - render - parse - validate -> desired
                                                     | normalise, match, compare, order, guard -> Plan
    list endpoints - pages - show ------------> live                                              |
                                        report <---------------------------------------------+---+
                                        audit: the same over many environments               |
                                                                     apply -> Writer -> Outcomes -> Ledger
"""

__version__ = "0.1.0"
