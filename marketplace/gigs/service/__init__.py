"""What one does with gigs: a function a use case, each one transaction."""
