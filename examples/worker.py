#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""worker: how a job publishes what it makes, with sp-pub as a subprocess and no Redis library.

In Celery, or anything like it:

    @app.task
    def write(project, prompt):
        with Stage(project, "story") as stage:
            for text in model(prompt):
                stage.token(text)

Here the jobs are lines of JSON on standard input:

    echo '{"project": "7", "stage": "story", "prompt": "a pipe"}' | examples/worker.py
    sp-sub -p 7 -s story --text
"""
import json
import subprocess
import sys


class Stage:
    """Publishes messages while the block runs; its end, or its exception, is the end of the run.

    Leaving the block returns when all is in the log, and raises CalledProcessError when it is not.
    """

    def __init__(self, project, name, *options):
        self.argv = ["sp-pub", "--from", "json", "-p", project, "-s", name, *options]

    def __enter__(self):
        self.sp_pub = subprocess.Popen(self.argv, stdin=subprocess.PIPE)
        return self

    def send(self, **message):
        try:
            self.sp_pub.stdin.write(json.dumps(message).encode() + b"\n")
            self.sp_pub.stdin.flush()  # the pipe is the only buffer: a reader sees it now
        except BrokenPipeError:
            self.close()
            raise

    def token(self, text):
        self.send(type="token", content=text)

    def progress(self, percent, message):
        self.send(type="stage_update", status="processing", progress=percent, message=message)

    def close(self, expected=0):
        try:
            self.sp_pub.stdin.close()
        except BrokenPipeError:
            pass  # its status tells
        status = self.sp_pub.wait()
        if status != expected:
            raise subprocess.CalledProcessError(status, self.argv)

    def __exit__(self, kind, error, traceback):
        if self.sp_pub.returncode is not None:
            return  # it ended early, and that is the error
        if error is None:
            self.close()
        else:
            self.send(type="error", error=f"{kind.__name__}: {error}")
            self.close(expected=1)  # what sp-pub exits with after an error message


def model(prompt):
    """Stands for a model: yields its answer piece by piece."""
    if not prompt:
        raise ValueError("an empty prompt")
    yield from ["Once ", "upon ", "a ", "time ", "there ", "was ", prompt, ".\n"]


def work(job):
    with Stage(job["project"], job["stage"]) as stage:
        stage.progress(0, "asking the model")
        for text in model(job["prompt"]):
            stage.token(text)
        stage.progress(100, "done")


def main():
    failed = 0
    for line in sys.stdin:
        try:
            work(json.loads(line))
        except (ValueError, KeyError, OSError, subprocess.CalledProcessError) as error:
            print(f"worker: {error}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
