"""Conformance suites for authors of kinds, readers, writers and reporters.

Subclass a suite in a test module and return the plugin under test; pytest runs the checks:

    from reconciler.testing.writer_suite import WriterSuite

    class TestMyWriter(WriterSuite):
        def writer(self, stage):
            return MyWriter(stage.url)

The suites run against the simulated API on a loopback port (extra `sim`), with its clock: no test waits for real time.
"""
