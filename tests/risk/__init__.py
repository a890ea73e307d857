"""Tests of workbench/risk."""
