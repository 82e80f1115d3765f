"""Tests of benchmarks: what they compare is what they say, and the directions that they find."""
