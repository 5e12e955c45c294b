"""For authors of plugins: suites that a reader, a writer or a reporter passes before it can be trusted.

Subclass a suite in a test module, say how your part is made, and pytest runs it:

    from reconciler.testing.writer_suite import WriterSuite

    class TestMyWriter(WriterSuite):
        def writer(self, stage):
            return MyWriter(stage.url)

The suites run against the simulated API on a loopback port (extra `sim`), with its clock: nothing waits for real time.
"""
