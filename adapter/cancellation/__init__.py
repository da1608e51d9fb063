"""The decision: cancel a waybill once, however often it is asked for. No I/O."""
