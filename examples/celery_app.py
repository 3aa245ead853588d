# SPDX-License-Identifier: MIT
"""celery_app: a Celery task that publishes its tokens with sp-pub while it runs.

    export REDIS_URL=redis://127.0.0.1:6379/0
    celery -A celery_app worker --pool solo          here, with python3-celery and python3-redis
    python3 -c 'import celery_app; print(celery_app.write.delay("7", "a pipe").get(timeout=30))'
    sp-sub -p 7 -s story --text                      whoever reads along, also after the end

Celery moves the task; its tokens go their own way, so a reader needs no Celery and misses nothing.
"""
import os

from celery import Celery

from worker import Stage, model

url = os.environ["REDIS_URL"]
app = Celery("celery_app", broker=url, backend=url)


@app.task
def write(project, prompt):
    words = 0
    with Stage(project, "story") as stage:
        for text in model(prompt):
            stage.token(text)
            words += 1
    return words
