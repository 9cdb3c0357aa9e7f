"""Questions about waves, asked of the finished warehouse: plans and security fixes."""
