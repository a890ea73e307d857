"""Tests of workbench/client."""
