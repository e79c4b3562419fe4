"""What things are filed under, whatever way they are sold: the tree of categories, tags, and the media people uploaded.

Knows nothing of the things themselves; it counts what their domains attach.
"""
