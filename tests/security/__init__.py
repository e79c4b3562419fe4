"""Attacks that once worked, or that must never work: each test is named by the rule it holds."""
