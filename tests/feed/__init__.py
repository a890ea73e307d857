"""Tests of workbench/feed."""
