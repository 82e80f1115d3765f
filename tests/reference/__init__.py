"""A second, slow router that follows the routing semantics sentence by sentence, and the drivers that compare both.

It has no index and no events: plain values, plain loops, everything worked out anew each time. It imports commands and
the policy's values, and nothing that decides. `python -m tests.reference --operations 100000` runs both side by side.
"""
