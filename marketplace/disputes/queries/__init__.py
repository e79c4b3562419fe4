"""Reads of disputes: for their sides, for staff, and for update."""
