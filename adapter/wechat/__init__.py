"""WeChat's protocol, bytes to bytes. No I/O and no clock: `now` is an argument."""
