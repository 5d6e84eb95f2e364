"""The signed word: bound to exact digests, k-of-n for what cannot be undone."""
