// SPDX-License-Identifier: MIT
// server: the gateway under test, on a free port of 127.0.0.1, with a Redis that is private to it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const bin = process.env.SPOUT_BUILD ?? path.join(root, "build");
const sse = path.join(bin, "sp-sse");
export const listens = spawnSync(sse, ["--help"]).stdout.toString().includes("--listen");

const children = new Set();
process.on("exit", () => children.forEach((c) => c.kill("SIGKILL")));

function start(program, args, options = {}) {
	const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], ...options });
	children.add(child);
	child.on("exit", () => children.delete(child));
	return child;
}

export async function end(child, signal = "SIGKILL") {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill(signal);
	await once(child, "exit");
}

export async function until(what, test, ms = 15000) {
	for (const deadline = Date.now() + ms; ; ) {
		const value = await test();
		if (value) return value;
		if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
		await new Promise((r) => setTimeout(r, 20));
	}
}

export async function redis(dir) {
	const socket = path.join(dir, "redis.sock");
	const child = start("redis-server", ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir, "--logfile", path.join(dir, "redis.log")]);
	await until("redis", () => spawnSync("redis-cli", ["-s", socket, "PING"]).stdout.toString().trim() === "PONG");
	return { child, url: `unix://${socket}` };
}

// Publishes: the command's standard input is `input`, or stays open and is returned.
export function publish(url, args, input) {
	const options = { env: { ...process.env, REDIS_URL: url }, stdio: ["pipe", "ignore", "inherit"] };
	if (input === undefined && !args.includes("token")) return start(path.join(bin, "sp-pub"), args, options);
	const done = spawnSync(path.join(bin, "sp-pub"), args, { ...options, input: input ?? "" });
	if (done.status !== 0) throw new Error(`sp-pub ${args.join(" ")}: ${done.status}`);
	return done;
}

export function token(key, args) {
	return spawnSync(sse, ["token", "--key", key, ...args]).stdout.toString().trim();
}

// A server on `port` (0: a free one). {port, url, close()}
export async function serve(redisUrl, { port = 0, args = [] } = {}) {
	const s = await (listens ? real : stand_in)(redisUrl, port, args);
	return { ...s, url: `http://127.0.0.1:${s.port}/` };
}

async function real(redisUrl, port, args) {
	const child = start(sse, ["--listen", `127.0.0.1:${port}`, "-u", redisUrl, ...args], { stdio: ["ignore", "ignore", "pipe"] });
	let said = "";
	child.stderr.on("data", (d) => (said += d));
	const ready = await until("ready", () => {
		if (child.exitCode !== null) throw new Error(`sp-sse ended: ${said}`);
		return said.match(/ready \S*?:(\d+)\s/);
	});
	return { port: +ready[1], close: (signal) => end(child, signal), said: () => said };
}

// Without --listen: the page from the tree, everything else from `sp-sse --inetd`.
async function stand_in(redisUrl, port, args) {
	const page = () => {
		const html = fs.readFileSync(path.join(root, "web/viewer.html"));
		const csp = spawnSync("sh", [path.join(root, "web/csp"), path.join(root, "web/viewer.html")]).stdout.toString().trim();
		return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${html.length}\r\nContent-Security-Policy: ${csp}\r\nConnection: close\r\n\r\n`), html]);
	};
	const sockets = new Set();
	const server = net.createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => {}).once("data", (head) => {
			if (/^GET \/(\?\S*)? /.test(head.toString("latin1"))) return void socket.end(page());
			const child = start(sse, ["--inetd", "-u", redisUrl, ...args], { stdio: ["pipe", "pipe", "inherit"] });
			child.stdin.on("error", () => {}).write(head);
			socket.pipe(child.stdin);
			child.stdout.pipe(socket);
			socket.on("close", () => (sockets.delete(socket), child.kill()));
		});
	});
	server.listen(port, "127.0.0.1");
	await once(server, "listening");
	const close = async () => {
		for (const s of sockets) s.destroy();
		server.close();
		await once(server, "close");
	};
	return { port: server.address().port, close };
}
