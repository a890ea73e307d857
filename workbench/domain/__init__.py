"""The vocabulary of the exchange: records, codes, states and reference data, shared by every other part."""
