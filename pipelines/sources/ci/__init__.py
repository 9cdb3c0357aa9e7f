"""Results of any CI: one adapter per format, each recognised by content, all giving the same runs and jobs."""
