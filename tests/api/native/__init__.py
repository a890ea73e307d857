"""Tests of workbench/api/native."""
