"""What to answer by itself: knowledge articles and fixed wordings."""
