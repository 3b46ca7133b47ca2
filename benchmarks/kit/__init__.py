"""Shared parts of the benchmarks: harness, servers, peers, results page."""
