"""The ways money moves: `posting` (post, post_many, hold), `resolving` (settle, void), `reversing` (reverse); `locking` looks first."""
