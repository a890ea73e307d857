"""Tests of workbench/engine."""
