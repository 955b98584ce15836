"""Benchmarks: `invoke bench`.  Ratios in one run on one server; an absolute time stands beside them for the reader."""
