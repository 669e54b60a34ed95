"""A shop simulator with ground truth: months of events in REES46's format, and what is true of them."""

from footfall.simulate.simulation import SimulatedShop, simulate

__all__ = ["SimulatedShop", "simulate"]
