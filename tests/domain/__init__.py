"""Tests of workbench/domain."""
