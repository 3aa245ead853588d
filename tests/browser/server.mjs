// SPDX-License-Identifier: MIT
// server: the gateway under test, on a free port of 127.0.0.1, and publishers; Redis is $REDIS_URL.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");
const bin = process.env.SPOUT_BUILD ?? path.join(root, "build");
const sse = path.join(bin, "sp-sse");
const help = spawnSync(sse, ["--help"]).stdout.toString();
export const listens = help.includes("--listen");
export const hasTokens = !help.includes("tokens are not supported");

const children = new Set();
process.on("exit", () => children.forEach((c) => c.kill("SIGKILL")));

function start(program, args, options = {}) {
	const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"], ...options });
	children.add(child);
	child.on("exit", () => children.delete(child));
	return child;
}

async function end(child) {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill("SIGKILL");
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

// A publisher of JSON lines: send(object) and end(). Killed with the tests.
export function publisher(args) {
	const child = start(path.join(bin, "sp-pub"), ["-f", "json", ...args], { stdio: ["pipe", "ignore", "ignore"] });
	child.stdin.on("error", () => {});
	return {
		child,
		send: (...messages) => child.stdin.write(messages.map((m) => JSON.stringify(m) + "\n").join("")),
		say: (text) => child.stdin.write(text.split(/(?<= )/).map((w) => JSON.stringify({ type: "token", content: w }) + "\n").join("")),
		end: () => (child.stdin.end(), child.exitCode === null ? once(child, "exit") : null),
	};
}

export function redis(...args) {
	return spawnSync("redis-cli", ["-s", process.env.REDIS_URL.replace("unix://", ""), ...args]).stdout.toString().trim();
}

export function token(key, ...args) {
	return spawnSync(sse, ["token", "--key", key, ...args]).stdout.toString().trim();
}

// A server on `port` (0: a free one). {port, url, close()}
export async function serve(port = 0, ...args) {
	const s = await (listens ? real : stand_in)(port, args);
	return { ...s, url: `http://127.0.0.1:${s.port}/` };
}

async function real(port, args) {
	const child = start(sse, ["--listen", `127.0.0.1:${port}`, ...args], { stdio: ["ignore", "ignore", "pipe"] });
	let said = "";
	child.stderr.on("data", (d) => (said += d));
	const ready = await until("ready", () => {
		if (child.exitCode !== null) throw new Error(`sp-sse ended: ${said}`);
		return said.match(/ready \S*?:(\d+)\s/);
	});
	return { port: +ready[1], close: () => end(child) };
}

// Without --listen: the page from the tree, everything else from `sp-sse --inetd`.
async function stand_in(port, args) {
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
			const child = start(sse, ["--inetd", ...args], { stdio: ["pipe", "pipe", "inherit"] });
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
