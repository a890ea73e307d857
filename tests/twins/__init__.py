"""The plain-Python exchange and the compiled kernel, fed with the same random streams and compared."""
