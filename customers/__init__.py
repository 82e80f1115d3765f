"""Customers: who writes."""
