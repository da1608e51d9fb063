"""waybridge: answers WeChat's cancel_waybill push from a carrier's gRPC order system."""
