"""The parts of the benchmark as commands: they read options, tell what goes on, save and report."""
