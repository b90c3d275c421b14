"""Accounts that are opened by signing in at the vendor, and kept alive: over real HTTP to two vendors of tests."""
