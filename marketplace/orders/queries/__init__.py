"""What orders show, one statement each."""
