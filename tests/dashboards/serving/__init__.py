"""Tests of signing in, the guard, the documents and the files of the pages."""
