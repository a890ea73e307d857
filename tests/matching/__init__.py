"""Tests of workbench/matching."""
