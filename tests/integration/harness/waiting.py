"""Waiting for a condition, with a deadline: the only kind of waiting in these tests."""

import threading
import time


def wait_until(condition, seconds=20.0, what="the condition"):
    """Returns the first true value of `condition()`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        pause.wait(0.01)
