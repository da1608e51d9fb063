"""Events that are not ours, passed on to the handler that already answers them."""
