"""Tests of autoresponders."""
