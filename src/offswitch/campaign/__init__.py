"""Campaigns: a plan is compiled to trials, run in Inspect, resumed, and read into the tables."""
