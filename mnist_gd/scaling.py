"""How long independent runs take on many workers (chapter *The search*)."""

from heapq import heappop, heappush

from mnist_gd._checks import check_flag, check_integer, check_real, check_sequence

__all__ = ["makespan", "makespan_bounds"]


def makespan(seconds, workers, *, start=0.0, each=0.0, longest_first=False):
    """Return when the last of some runs ends, if each goes to the first worker that is free.

    Parameters
    ----------
    seconds : sequence of float
        How long each run takes, in the order in which they are handed out.
    workers : int
    start : float
        Seconds until the workers, all at once, are ready.
    each : float
        Seconds that the one process that hands out the runs and writes their records needs for
        each of them. The worker that asks for a run waits for it, the others go on.
    longest_first : bool
        Whether the runs are handed out by their length.

    Returns
    -------
    float
        Between the :func:`makespan_bounds`.

    Raises
    ------
    ValueError, TypeError
        If there is no run, a time is negative, their sum is not finite, or `workers` is not at
        least 1.

    Examples
    --------
    >>> makespan([1, 1, 2], 2), makespan([1, 1, 2], 2, longest_first=True)
    (3.0, 2.0)
    """
    seconds, workers, start, each = _checked(seconds, workers, start, each)
    longest_first = check_flag("longest_first", longest_first)
    if longest_first:
        seconds.sort(reverse=True)
    free = [start] * min(workers, len(seconds))
    handed_out = start
    for run in seconds:
        handed_out = max(handed_out, heappop(free)) + each
        heappush(free, handed_out + run)
    return check_real("the sum of seconds", max(free))


def makespan_bounds(seconds, workers, *, start=0.0, each=0.0):
    """Return between what every :func:`makespan` lies, in whatever order, `eq-makespan-bounds`.

    Parameters
    ----------
    seconds, workers, start, each
        As in :func:`makespan`.

    Returns
    -------
    lowest, highest : float
    """
    seconds, workers, start, each = _checked(seconds, workers, start, each)
    longest, share = max(seconds), sum(seconds) / workers
    lowest = start + max(longest, share)
    highest = start + len(seconds) * each + share + (1 - 1 / workers) * longest
    return lowest, check_real("the sum of seconds", highest)


def _checked(seconds, workers, start, each):
    seconds = [check_real("seconds", s, minimum=0) for s in check_sequence("seconds", seconds)]
    if not seconds:
        raise ValueError("seconds must hold the time of at least one run")
    start, each = check_real("start", start, minimum=0), check_real("each", each, minimum=0)
    return seconds, check_integer("workers", workers, maximum=2**31), start, each
