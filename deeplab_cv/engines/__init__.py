"""tensor -> scores: one file per engine, named like its package.

Each of these files has the same five names, and imports its package at its top, so that a missing one is found there:

    NAME             what the user calls it
    DEVICES          the devices it can have, the plainest first
    devices()        those that the installed build claims to have
    why_not(device)  the EngineError that says why it has no such device and how to get one; None where it claims it
    load(graph, device, threads, depth) -> Engine; raises EngineError with the reason; logs a line before long work
"""

from deeplab_cv.machine.telemetry import switch_off_telemetry

switch_off_telemetry()
