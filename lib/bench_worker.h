/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_BENCH_WORKER_H
#define SPOUT_BENCH_WORKER_H

#include "bench.h"
#include "queue.h"
#include "runner.h"
#include "ticker.h"

/*
 * One worker of sp-bench xq: a connection that takes jobs, a command that answers each, and what
 * each step took. For bench_xq.c and bench_worker.c alone.
 */
struct bench_worker {
	struct bench_xq *run;
	struct queue *queue;
	struct runner_conf conf;
	struct runner runner;
	char name[32];
	struct queue_receipt *receipts; /* of the jobs in hand */
	char (*refs)[QUEUE_REF_MAX + 1];
	struct buf lines;
	size_t n;
	int64_t asked_ns, given_ns, told_ns;
	bool idle;
};

struct bench_xq {
	struct bench *b;
	struct queue *adder;
	struct bench_worker *workers;
	size_t nworkers, size, batch;
	struct audit *audit;
	struct ticker ticker;
	struct timer look;
	struct pace pace;
	struct pace_slots slots;
	struct hist enqueue, claim, all, second, finish, acknowledge; /* all, second: start */
	uint64_t sent, added, done, errors, bytes, seq, batches;
	uint32_t run;
	char name[40], id[MSG_RUN_LEN + 1];
	char *text;
	int64_t last_ns;
	void (*on_done)(struct bench_xq *r); /* jobs are done: there is room for more */
};

/* Opens the i-th, and asks for jobs. WHY_UNAVAILABLE and the like. */
int bench_worker_open(struct bench_xq *r, size_t i);
void bench_worker_close(struct bench_worker *w);

/* A connection to the run's queue, whose losses are told as w's. */
int bench_worker_queue(struct bench_xq *r, struct bench_worker *w, struct queue **q);

#endif
