"""SqliteHuey with fsync and an empty handler: huey_peer.py FOLDER JOBS WORKERS."""

import os
import sys
import threading
import time

try:
    from huey import SqliteHuey
except ImportError:
    sys.exit("huey is missing; install it: pip install huey")

folder, jobs, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
huey = SqliteHuey("peer", filename=os.path.join(folder, "huey.db"), fsync=True, results=False)
lock, done, left = threading.Lock(), threading.Event(), jobs


@huey.task()
def nothing(text):
    global left
    with lock:
        left -= 1
        if left == 0:
            done.set()


consumer = huey.create_consumer(workers=workers, periodic=False, initial_delay=0.001, max_delay=0.001)
began = time.perf_counter()
for _ in range(jobs):
    nothing("x" * 190)
taken_in = time.perf_counter()
consumer.start()
if not done.wait(300):
    sys.exit(1)
ended = time.perf_counter()
print(
    f"huey, {jobs} jobs, {workers} workers: {jobs / (taken_in - began):.0f} taken in a second, "
    f"{jobs / (ended - taken_in):.0f} drained a second, {jobs / (ended - began):.0f} from submission to all done",
    flush=True,
)
os._exit(0)
