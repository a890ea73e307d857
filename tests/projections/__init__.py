"""Tests of workbench/projections."""
