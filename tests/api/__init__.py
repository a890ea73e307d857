"""Tests of workbench/api."""
