"""Tests of understanding: models, their files, rules, languages."""
