"""Reviews as they are shown, what may be reviewed, and rows locked."""
