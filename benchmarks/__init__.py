"""Speed, measured against other libraries: ``python -m benchmarks``, or ``make benchmark``."""
