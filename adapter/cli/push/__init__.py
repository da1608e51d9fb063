"""`waybridge push`: WeChat's side of one push, played and judged."""
