#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""celery_tasks: Celery with Redis as its broker, without results, as its documentation has it.

    celery -A celery_tasks worker -c 2       from this directory, CELERY_BENCH_REDIS is the socket
    celery_tasks.py rates JOBS               adds JOBS; prints how many a second, and once a worker has done them all,
                                             how many a second that was
    celery_tasks.py pace JOBS MS FILE        adds one each MS milliseconds; FILE gets how many µs after its adding
                                             each began
"""
import os
import sys
import time

import celery
import redis

SOCKET = os.environ['CELERY_BENCH_REDIS']
app = celery.Celery('celery_tasks', broker='redis+socket://' + SOCKET)
# The defaults are four jobs ahead for each process, and acknowledging before they run.
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)


@app.task
def nothing(job):
    pass


@app.task
def mark(name):
    redis.Redis(unix_socket_path=SOCKET).set('mark:' + name, time.time())


@app.task
def started(since, file):
    took = (time.time() - since) * 1e6
    with open(file, 'a') as out:
        out.write('%d\n' % took)


def rates(jobs):
    db = redis.Redis(unix_socket_path=SOCKET)
    job = {'n': 1000000, 'text': 'a job'.ljust(76)}
    begin = time.time()
    mark.delay('begin')
    for _ in range(jobs):
        nothing.delay(job)
    mark.delay('end')
    print('%.1f' % (jobs / (time.time() - begin)), flush=True)
    while not db.exists('mark:end'):
        time.sleep(0.02)
    print('%.1f' % (jobs / (float(db.get('mark:end')) - float(db.get('mark:begin')))))


def pace(jobs, ms, file):
    for _ in range(jobs):
        started.delay(time.time(), file)
        time.sleep(ms / 1000)


if __name__ == '__main__':
    if sys.argv[1] == 'rates':
        rates(int(sys.argv[2]))
    else:
        pace(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
