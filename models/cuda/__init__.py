"""Running an eager network on a CUDA device. Only device.py calls CUDA; the rest is tested without one."""
