"""Tests of workbench; they mirror the package by name."""
