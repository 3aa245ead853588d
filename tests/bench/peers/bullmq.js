// SPDX-License-Identifier: MIT
// bullmq: BullMQ as its documentation has it, at its fastest: bulk adds, jobs that leave nothing behind.
//
//	NODE_PATH=~/.cache/spout-bench/node_modules node bullmq.js rates REDIS-SOCKET JOBS
//		adds JOBS in bulk, drains a quarter of them with concurrency 1 and half with 100; prints jobs a second of each
//	… bullmq.js work REDIS-SOCKET FILE      until TERM; FILE gets how many µs after its adding each job began
//	… bullmq.js pace REDIS-SOCKET JOBS MS   adds one each MS milliseconds
'use strict';
const fs = require('fs');
const { performance } = require('perf_hooks');
const { Queue, Worker } = require('bullmq');

const [what, path, ...rest] = process.argv.slice(2);
const connection = { path, maxRetriesPerRequest: null };
const opts = { removeOnComplete: true };
const text = 'a job'.padEnd(76);
const BULK = 1000;

function now() {
	return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

async function add(n) {
	const queue = new Queue('bench', { connection });
	await queue.waitUntilReady();
	const jobs = Array.from({ length: BULK }, (_, i) => ({ name: 'job', data: { n: 1000000 + i, text }, opts }));
	const begin = performance.now();
	// Two calls on their way, so that neither side waits.
	let sent = 0;
	const adder = async () => {
		while (sent < n) {
			sent += BULK;
			await queue.addBulk(jobs);
		}
	};
	await Promise.all([adder(), adder()]);
	const seconds = (performance.now() - begin) / 1000;
	await queue.close();
	return sent / seconds;
}

async function drain(n, concurrency) {
	let done = 0, finish;
	const finished = new Promise((resolve) => (finish = resolve));
	const worker = new Worker('bench', async () => {}, { connection, concurrency, autorun: false });
	await worker.waitUntilReady();
	worker.on('completed', () => {
		if (++done === n) finish();
	});
	const begin = performance.now();
	worker.run();
	await finished;
	const seconds = (performance.now() - begin) / 1000;
	await worker.close(true);
	return n / seconds;
}

async function rates(jobs) {
	const added = await add(jobs);
	// What the second one finds is what is left: closing the first may have taken some more.
	const one = await drain(jobs / 4, 1);
	const hundred = await drain(jobs / 2, 100);
	console.log(added.toFixed(1), one.toFixed(1), hundred.toFixed(1));
}

async function work(file) {
	const taken = [];
	const worker = new Worker('bench', async (job) => taken.push(now() - job.data.since) && undefined, { connection });
	await worker.waitUntilReady();
	process.on('SIGTERM', async () => {
		fs.writeFileSync(file, taken.join('\n') + '\n');
		await worker.close(true);
		process.exit(0);
	});
	console.log('ready');
}

async function pace(jobs, ms) {
	const queue = new Queue('bench', { connection });
	await queue.waitUntilReady();
	for (let i = 0; i < jobs; i++) {
		await queue.add('job', { since: now() }, opts);
		await new Promise((resolve) => setTimeout(resolve, ms));
	}
	await queue.close();
}

({ rates: () => rates(Number(rest[0])), work: () => work(rest[0]), pace: () => pace(Number(rest[0]), Number(rest[1])) })
	[what]().then(() => what === 'work' || process.exit(0), (e) => {
		console.error(e);
		process.exit(1);
	});
