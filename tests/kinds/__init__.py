"""Shipped kinds, run as they are from tapes of the embedded model."""
