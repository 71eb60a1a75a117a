"""Counts a test's checks and prints the closing line that ./dev test reads."""
import sys, time

passed = failed = skipped = 0


def check(what, good, seen=""):
    """Counts one check; `seen` is shown if it fails. Returns whether it passed."""
    global passed, failed
    if good:
        passed += 1
        print(f"ok   {what}", flush=True)
    else:
        failed += 1
        print(f"FAIL {what}: {str(seen)[-3000:]}", flush=True)
    return bool(good)


def skip(what):
    """Counts a check that cannot be made on this machine."""
    global skipped
    skipped += 1
    print(f"skip {what}", flush=True)


def soon(done, seconds=60):
    """Waits until `done()` is true, for at most so long; returns its last answer. The limit only has to end a test
    that would never end: it must be generous enough for a busy machine."""
    end = time.monotonic() + seconds
    while True:
        answer = done()
        if answer or time.monotonic() >= end:
            return answer
        time.sleep(0.02)


def closing():
    """Prints the closing line and exits: 1 if a check failed, or if there was none."""
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    sys.exit(failed > 0 or passed + skipped == 0)
