"""Tests of workbench/bus."""
