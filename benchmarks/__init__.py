"""How fast the service is, and where the time goes. It measures and reports; it never judges a time.

The stand-in weights and the start of the service are those of the tests (tests/standins.py, tests/service.py).
"""
