"""The books against a matching oracle that nobody here wrote: tracebook-conformance."""
