"""Tests of workbench/journal."""
