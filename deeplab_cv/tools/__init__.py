"""Mend, shrink, speed up, prove and measure a network."""
