"""Tests of workbench/analytics."""
