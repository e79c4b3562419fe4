"""What sides and staff do with a dispute. Every one of them locks its order first, then the dispute."""
