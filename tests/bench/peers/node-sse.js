// SPDX-License-Identifier: MIT
// node-sse: what a good Node programmer writes: http and ioredis, one subscription for each channel, one frame
// for all of its readers. Listens on a free port and prints `ready PORT`.
//
//	NODE_PATH=~/.cache/spout-bench/node_modules node node-sse.js REDIS-SOCKET [PROCESSES]
'use strict';
const cluster = require('cluster');
const http = require('http');
const Redis = require('ioredis');

const options = { path: process.argv[2], enableOfflineQueue: true };
const sub = new Redis(options);
const db = new Redis(options);
const channels = new Map(); // name -> Set of responses

function idOf(message) {
	const m = /"id":"([0-9]+-[0-9]+)"\}\}$/.exec(message);
	return m ? m[1] : '';
}

function frame(message) {
	const id = idOf(message);
	return (id ? `id: ${id}\n` : '') + `data: ${message}\n\n`;
}

sub.on('message', (name, message) => {
	const readers = channels.get(name);
	if (!readers) return;
	const bytes = Buffer.from(frame(message));
	for (const res of readers) {
		// While a reader is caught up, what is live waits behind it.
		if (res.waiting) res.waiting.push([idOf(message), bytes]);
		else res.write(bytes);
	}
});

function before(a, b) {
	const [ams, aseq] = a.split('-').map(Number), [bms, bseq] = b.split('-').map(Number);
	return ams < bms || (ams === bms && aseq <= bseq);
}

async function catchUp(res, name, last) {
	res.waiting = [];
	for (;;) {
		const page = await db.xrange(`${name}:log`, `(${last}`, '+', 'COUNT', 1000);
		for (const [id, [, message]] of page) {
			res.write(`id: ${id}\ndata: ${message.slice(0, -2)},"id":"${id}"}}\n\n`);
			last = id;
		}
		if (page.length < 1000) break;
	}
	for (const [id, bytes] of res.waiting) if (!before(id, last)) res.write(bytes);
	res.waiting = null;
}

const server = http.createServer((req, res) => {
	const name = decodeURIComponent(new URL(req.url, 'http://h').pathname.slice('/events/'.length));
	res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
	res.write('event: connected\ndata: {}\n\n');
	let readers = channels.get(name);
	if (!readers) {
		channels.set(name, (readers = new Set()));
		sub.subscribe(name);
	}
	readers.add(res);
	res.on('close', () => {
		readers.delete(res);
		if (readers.size === 0 && channels.get(name) === readers) {
			channels.delete(name);
			sub.unsubscribe(name);
		}
	});
	const last = req.headers['last-event-id'];
	if (last && /^[0-9]+-[0-9]+$/.test(last)) catchUp(res, name, last).catch(() => res.destroy());
});

server.requestTimeout = 0;
const processes = Number(process.argv[3] || 1);
if (processes > 1 && cluster.isPrimary) {
	sub.disconnect();
	db.disconnect();
	let listening = 0;
	for (let i = 0; i < processes; i++) cluster.fork();
	cluster.on('listening', (worker, address) => {
		if (++listening === processes) console.log(`ready ${address.port}`);
	});
} else {
	// Port 0 is the same free port for all of a cluster.
	server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
		if (cluster.isPrimary) console.log(`ready ${server.address().port}`);
	});
}
