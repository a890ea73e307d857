"""Tests of workbench/ledger."""
