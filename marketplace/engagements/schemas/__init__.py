"""Bodies and answers of engagements."""
