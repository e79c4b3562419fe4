"""What goes in and out over HTTP and in the room, by subject."""
