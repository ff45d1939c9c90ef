"""Jobs for visitors in worker processes with resource limits, queues and cancellation."""
