#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""queue_worker: jobs that stream what they make, by subprocess alone: no library for Redis, none for queues.

    id=$(sp-xq add -q stories '{"project": "7", "prompt": "a pipe"}' | jq -r .id)
    sp-xq work -q stories -j 2 --retries 5 -- examples/queue_worker.py
    sp-sub -p 7 -s story --text        whoever reads along
    sp-xq progress "$id" -q stories    how far it is
    sp-xq wait "$id" -q stories        its result

sp-xq work runs this once for each job, the job on standard input. What it prints is the job's result.
Status 65: this job will never work. Any other failure, or a crash: it is tried again.
"""
import json
import os
import subprocess
import sys

from worker import Stage, model


def note(text):
    """A line to the worker: progress JSON, extend D, retry-after D."""
    os.write(int(os.environ["SP_JOB_FD"]), text.encode() + b"\n")


def enqueue(queue, *jobs):
    """Adds jobs; returns their ids once Redis has them."""
    lines = "".join(json.dumps(job) + "\n" for job in jobs)
    done = subprocess.run(["sp-xq", "add", "-q", queue], input=lines, text=True, stdout=subprocess.PIPE, check=True)
    return [json.loads(line)["id"] for line in done.stdout.splitlines()]


def main():
    if sys.argv[1:2] == ["enqueue"]:
        print("\n".join(enqueue(sys.argv[2], *map(json.loads, sys.argv[3:]))))
        return 0
    job = json.load(sys.stdin)
    words = 0
    try:
        with Stage(job["project"], "story") as stage:
            for text in model(job["prompt"]):
                stage.token(text)
                words += 1
                note("progress " + json.dumps({"words": words}))
    except (KeyError, ValueError) as error:
        print(f"a job that cannot work: {error}", file=sys.stderr)
        return 65
    print(json.dumps({"words": words}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
