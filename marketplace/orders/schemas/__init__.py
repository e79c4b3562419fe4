"""What orders are told and what they show."""
