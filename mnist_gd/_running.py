"""The clock and the bar of what takes long, wherever it runs."""

from time import perf_counter, process_time

from tqdm import tqdm

#: Seconds of the process on the processor. In a browser that clock stands at 0; there the process
#: has one thread, and all of the time is its own.
processor_time = process_time if process_time() else perf_counter


class Bar(tqdm):
    """A bar without the thread that tqdm has watch over all bars: a browser starts none."""

    monitor_interval = 0
