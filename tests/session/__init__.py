"""Tests of workbench/session."""
