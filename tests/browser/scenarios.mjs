// SPDX-License-Identifier: MIT
// scenarios NAME: the viewer in headless Chromium; status 0 when all is as it should be.
// scenarios launch: starts a browser, says where, and keeps it until standard input ends.
//
// $SPOUT_NPM has node_modules with playwright-core, $REDIS_URL and $SPOUT_BUILD are as for the suites, $BROWSER_WS
// is what `launch` said, $SPOUT_SHOTS a directory for screenshots (optional).
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import * as gateway from "./server.mjs";
import { publisher, redis, serve, until } from "./server.mjs";

const { chromium } = createRequire(`${process.env.SPOUT_NPM}/`)("playwright-core");
const project = process.env.P ?? `p${process.pid}`;
const words = (n, from = 0) => Array.from({ length: n }, (_, i) => `word${i + from} `).join("");
const streams = /\/api\/v1\/sse\//;
let browser, context, server;

// ---- What the tests see of a page

const text = (page, n = 0) => page.evaluate((n) => [...(document.querySelectorAll(".body")[n]?.querySelectorAll(":scope > .text") ?? [])].map((e) => e.textContent).join(""), n);
const state = (page) => page.textContent("#state");
const strip = async (page) => `${await state(page)} ${await page.textContent("#detail")}`;
const badge = (page, n = 0) => page.evaluate((n) => document.querySelectorAll(".badge")[n]?.textContent, n);
const notes = (page) => page.textContent("#notes");

async function shows(page, what, get, want, ms) {
	let last;
	const is = (v) => (want instanceof RegExp ? want.test(v) : v === want);
	await until(what, async () => is((last = await get(page))), ms).catch(() => assert.equal(last, want, what));
}

const target = (extra = "") => `${server.url}#project=${project}&stage=s${extra}`;
const stage = (name = "s") => publisher(["-p", project, "-s", name]);

async function open(url = target(), ctx = context) {
	const page = await ctx.newPage();
	page.faults = [];
	page.streams = [];
	page.urls = [];
	page.on("pageerror", (e) => page.faults.push(String(e)));
	page.on("dialog", (d) => (page.faults.push(`dialog ${d.message()}`), d.dismiss()));
	page.on("console", (m) => /Content.Security|Refused|TrustedHTML/i.test(m.text()) && page.faults.push(m.text()));
	page.on("request", (r) => {
		page.urls.push(r.url());
		if (streams.test(r.url()) && r.method() === "GET") page.streams.push(r);
	});
	const policy = (await page.goto(url))?.headers()["content-security-policy"];
	page.policy = policy;
	return page;
}

async function shot(page, name) {
	if (process.env.SPOUT_SHOTS) await page.screenshot({ path: `${process.env.SPOUT_SHOTS}/${name}.png` });
}

const scenarios = {
	async stream() {
		const page = await open(), p = stage();
		assert.match(page.policy ?? "none", /default-src 'none'.*connect-src 'self'/, "the Content-Security-Policy");
		p.send({ type: "stage_update", status: "processing", message: "chapter one", progress: 42 }, { type: "reasoning", content: "Hm." });
		p.say("Once upon ");
		await shows(page, "the first words", text, "Once upon ");
		assert.equal(await badge(page), "Writing");
		assert.equal(await page.textContent(".meta span"), "processing · chapter one");
		assert.equal(await page.evaluate(() => document.querySelector("progress").value), 42);
		assert.match(await page.textContent("summary"), /^Reasoning · 3 characters/);
		assert.equal(await page.isVisible("details .text"), false);
		await page.click("summary");
		assert.equal(await page.textContent("details .text"), "Hm.");
		p.send({ type: "tool_call", name: "look_up", arguments: { a: "<1>" } }, { type: "progress", current: 3, total: 12, item_name: "c.md" });
		p.say("a time.");
		await shows(page, "the rest", text, "Once upon a time.");
		assert.equal(await page.textContent(".tool pre"), '{"a":"<1>"}');
		assert.equal(await page.textContent(".items"), "c.md3 of 12");
		assert.match(await strip(page), /^Live/);
		p.send({ type: "done", full_text: "Once upon a time.", metadata: { tokens_used: 1234, latency_ms: 3210, ttft_ms: 45, model: "m-1", finish_reason: "stop" } });
		await shows(page, "the end", badge, "Done");
		assert.equal(await page.textContent(".end dl"), "Tokens1,234Time3.2 sFirst token45 msFinishstopModelm-1");
		await shows(page, "the end of the stream", state, "Ended");
		assert.equal(await text(page), "Once upon a time.");
		await p.end();
		for (const u of page.urls) assert(u.startsWith(server.url) || u.startsWith("data:"), u);
		return [page];
	},

	async error() {
		const page = await open(), p = stage();
		p.say("So ");
		p.send({ type: "error", error: "the model\nis overloaded", retry_count: 2 });
		await shows(page, "the error", badge, "Failed");
		assert.equal(await page.textContent(".error"), "the model\nis overloaded");
		assert.match(await page.textContent(".end dl"), /Attempts3/);
		assert.match(await page.textContent("#spoken"), /Ended|failed/);
		await p.end();
		return [page];
	},

	async reload() {
		const page = await open(), p = stage();
		p.say(words(50));
		await shows(page, "the first half", text, words(50));
		await page.reload();
		await shows(page, "the first half again", text, words(50));
		p.say(words(50, 50));
		await shows(page, "all of it, once", text, words(100));
		await p.end();
		await shows(page, "the end", badge, "Done");
		assert.equal(await text(page), words(100));
		return [page];
	},

	async restart() {
		const page = await open(), p = stage();
		p.say(words(20));
		await shows(page, "the beginning", text, words(20));
		const { port } = server;
		await server.close();
		await shows(page, "the loss", state, /^Reconnecting in \d+ s$/);
		p.say(words(57, 20));
		await until("the log has all", () => +redis("XLEN", `sp:project:${project}:log`) >= 77);
		server = await serve(port);
		await shows(page, "the resume", strip, /^Live resumed after \d+-\d+: 57 messages caught up$/);
		assert.match(await notes(page), /57 messages caught up/);
		await shows(page, "the text", text, words(77));
		assert.match(await page.textContent("#spoken"), /Live again/);
		p.say(words(3, 77));
		await p.end();
		await shows(page, "the end", badge, "Done");
		assert.equal(await text(page), words(80));
		return [page];
	},

	// Browsers have six connections to a server; the seventh tab would wait for ever if each had its own.
	async tabs() {
		const pages = [], p = stage();
		p.say(words(10));
		for (let i = 0; i < 7; i++) pages.push(await open());
		for (const page of pages) await shows(page, "the beginning", text, words(10));
		p.say(words(10, 10));
		for (const page of pages) await shows(page, "what came live", text, words(20));
		assert.equal(pages.reduce((n, page) => n + page.streams.length, 0), 1, "one connection");
		await shows(pages[6], "how many share", (page) => page.textContent("#facts"), /7 tabs, one connection/);
		await pages.shift().close();
		await until("another tab goes on", () => pages.filter((page) => page.streams.length === 1).length === 1);
		p.say(words(10, 20));
		for (const page of pages) await shows(page, "the rest", text, words(30));
		await p.end();
		for (const page of pages) await shows(page, "the end", badge, "Done");
		for (const page of pages) assert.equal(await text(page), words(30));
		return pages;
	},

	// The first tab's memory is all that is left of the text.
	async late() {
		const first = await open(), p = stage();
		p.say(words(10));
		await shows(first, "the beginning", text, words(10));
		redis("DEL", `sp:project:${project}:log`);
		const second = await open();
		await shows(second, "the history", text, words(10));
		p.say("more");
		await shows(second, "what comes", text, words(10) + "more");
		assert.equal(second.streams.length, 0);
		const other = await open(target("x"));
		await until("another target has its own", () => other.streams.length === 1);
		p.child.kill();
		return [first, second];
	},

	async stuck() {
		const first = await open(), p = stage();
		p.say("one ");
		await shows(first, "the beginning", text, "one ");
		const second = await context.newPage();
		await second.clock.install();
		await second.goto(target());
		await shows(second, "the beginning", text, "one ");
		await first.evaluate(() => { session.bus.onmessage = null; session.post = () => {}; });
		p.say("two ");
		await second.clock.fastForward(25000);
		await second.clock.fastForward(5000);
		await second.clock.fastForward(5000);
		await shows(second, "the text, by itself", text, "one two ");
		p.child.kill();
		return [first];
	},

	async own() {
		await context.addInitScript(() => delete Navigator.prototype.locks);
		const pages = [await open(), await open()], p = stage();
		p.say(words(5));
		for (const page of pages) await shows(page, "the text", text, words(5));
		for (const page of pages) assert.equal(page.streams.length, 1);
		await p.end();
		return pages;
	},

	async project() {
		const a = stage("a"), b = stage("b");
		a.say("from a");
		b.say("from b");
		const page = await open(`${server.url}?project=${project}`);
		await shows(page, "a and b", async (pg) => [await text(pg, 0), await text(pg, 1)].sort().join(), "from a,from b");
		await a.end();
		await until("a is done", async () => [await badge(page, 0), await badge(page, 1)].sort().join() === "Done,Writing");
		assert.match(await strip(page), /^Live/);
		const again = stage("a");
		again.say("another run");
		await until("the new run is in a's place", async () => [await text(page, 0), await text(page, 1)].sort().join() === "another run,from b");
		await page.click("h2 a >> text=b");
		await shows(page, "b alone", text, "from b");
		await page.goBack();
		await until("both again", async () => (await text(page, 1)) !== "");
		await again.end();
		await b.end();
		return [page];
	},

	async channel() {
		const name = `chat room:${project}/ü`;
		await server.close();
		server = await serve(0, "--allow", "chat*");
		const page = await open();
		await page.check('[name="kind"][value="channel"]', { force: true });
		await page.fill('[name="channel"]', name);
		await page.keyboard.press("Enter");
		await shows(page, "live", state, "Live");
		redis("PUBLISH", name, "plain <b>text</b>");
		redis("PUBLISH", name, '[1,"json"]');
		await shows(page, "what another program published", text, 'plain <b>text</b>\n[1,"json"]\n');
		assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("channel"), name);
		return [page];
	},

	async hostile() {
		const page = await open(`${server.url}#project=${project}`);
		await shows(page, "live", state, "Live");
		const p = publisher(["-p", project, "-s", "s"]);
		const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>\u202eabc\u2066\u2028\u2029\u0000\u001b[31m</div>&lt;${"\ud83d\ude00"}`;
		const names = ["<img src=x onerror=alert(3)>", "__proto__", "constructor", "\u202egats"];
		for (const name of names)
			p.send({ type: "token", stage: name, content: evil }, { type: "tool_call", stage: name, name: evil, arguments: evil }, { type: "reasoning", stage: name, content: evil },
				{ type: "stage_update", stage: name, status: evil, message: evil, progress: "1e999" }, { type: "progress", stage: name, current: {}, total: -1, progress: [], item_name: evil });
		for (const type of ["__proto__", "constructor", "toString", evil]) p.send({ type, content: evil });
		for (const odd of [null, 7, {}, [], true]) p.send({ type: "token", content: odd, timestamp: odd }, { type: "tool_call", name: odd, arguments: odd });
		p.send({ type: "gap", after: {}, stage: [] }, { type: "token", content: "\ud800", metadata: { __proto__: 1 } });
		p.send({ type: "error", stage: names[0], error: evil, detail: evil, metadata: { [evil]: evil }, retry_count: "x" });
		p.send({ type: "done", stage: names[1], full_text: { a: 1 }, metadata: { tokens_used: evil, latency_ms: {}, model: evil, finish_reason: [evil] } });
		await until("all is drawn", async () => (await badge(page, 0)) === "Failed" && (await badge(page, 1)) === "Done");
		assert.equal(await text(page, 0), evil);
		assert.equal(await page.textContent(".error"), evil);
		assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("#stages h2")].map((e) => e.textContent)), [...names, "s"]);
		const tags = await page.evaluate(() => [...new Set([...document.querySelectorAll("#columns *, #strip *")].map((e) => e.tagName))]);
		for (const t of ["IMG", "SCRIPT"]) assert(!tags.includes(t), t);
		assert.match(await state(page), /Live/);
		assert(await page.evaluate(() => document.scrollingElement.scrollWidth <= innerWidth), "nothing sticks out");
		p.child.kill();
		return [page];
	},

	// The bounds on what hostile publishers may make of the page.
	async bounds() {
		const page = await open(`${server.url}#project=${project}`);
		await shows(page, "live", state, "Live");
		const p = stage();
		for (let i = 0; i < 300; i++) p.send({ type: "token", stage: `n${i}`, content: "x" }, { type: "what", i });
		p.say("x".repeat(300000));
		await until("100 stages", async () => (await page.evaluate(() => document.querySelectorAll(".stage").length)) === 100);
		await until("the text", () => page.evaluate(() => [...document.querySelectorAll(".body")].some((e) => e.textContent.length === 300000)));
		assert(await page.evaluate(() => document.querySelectorAll("#notes li").length <= 200));
		for (let i = 0; i < 5; i++) p.send({ type: "token", content: "y".repeat(900000) });
		p.say("z");
		await until("the limit", () => page.evaluate(() => [...document.querySelectorAll(".gap")].some((e) => /too long/.test(e.textContent))));
		assert(await page.evaluate(() => document.body.textContent.length < 5e6 && !document.body.textContent.includes("yz")));
		p.child.kill();
		return [page];
	},

	async gap() {
		const page = await open(), p = stage();
		p.say("one ");
		await shows(page, "the beginning", text, "one ");
		const { port } = server;
		await server.close();
		p.say("two three ");
		await until("the log has it", () => +redis("XLEN", `sp:project:${project}:log`) === 3);
		redis("XTRIM", `sp:project:${project}:log`, "MAXLEN", "1");
		server = await serve(port);
		await shows(page, "the gap", (pg) => pg.evaluate(() => document.querySelector(".gap")?.textContent), "some messages are missing here");
		await shows(page, "what follows", text, "one three ");
		assert.match(await notes(page), /Messages are missing after \d+-\d+/);
		await p.end();
		await shows(page, "the end fills it", text, "one two three ");
		return [page];
	},

	// What the server may answer, made up where it is hard to come by.
	async refusals() {
		const answers = [
			[{ status: 401 }, /^Refused 401: the token is missing, wrong or expired/, true],
			[{ status: 403 }, /^Refused 403: the token does not open this/, true],
			[{ status: 404 }, /^Refused 404/],
			[{ status: 503, headers: { "Retry-After": "7" } }, /^Overloaded, retrying in [67] s 503/],
			[{ status: 500 }, /^Reconnecting in \d+ s 500: the server failed/],
			[{ status: 200, headers: { "Content-Type": "text/event-stream" }, body: "retry: 9000\n\n" }, /^Overloaded, retrying in [89] s the server takes no more/],
			[{ status: 200, headers: { "Content-Type": "text/html" }, body: "<p>" }, /^Refused the answer is no event stream/],
			[{ status: 204 }, /^Ended the run is over/],
		];
		let answer;
		await context.route(streams, (route) => route.fulfill(answer));
		const page = await open(server.url);
		for (const [made_up, want, asks] of answers) {
			answer = made_up;
			await page.goto(target());
			await shows(page, `status ${answer.status}`, strip, want);
			assert.equal(await page.isVisible('[name="token"]'), !!asks);
			assert(await page.isVisible("#again"));
			await page.goto("about:blank");
		}
		return [page];
	},

	async tokens() {
		const key = `${process.env.BATS_TEST_TMPDIR}/key`;
		fs.writeFileSync(key, "0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
		await server.close();
		server = await serve(0, "--key", key);
		const good = gateway.token(key, "-p", project, "-s", "s", "--for", "5m"), other = gateway.token(key, "-p", "other", "-s", "s", "--for", "5m");
		const p = stage();
		p.say("secret");
		const page = await open();
		await shows(page, "no token", strip, /^Refused 401/);
		for (const [value, want] of [["wrong", /^Refused 401/], [other, /^Refused 403/], [good, /^Live/]]) {
			await page.fill('[name="token"]', value);
			await page.click("button.main");
			await shows(page, value, strip, want);
		}
		await shows(page, "the text", text, "secret");
		const linked = await open(target(`&token=${good}`));
		await shows(linked, "the text", text, "secret");
		assert(!linked.url().includes("token"), "the address has lost the token");
		await linked.reload();
		await shows(linked, "the text after a reload", text, "secret");
		for (const u of [...page.urls, ...linked.urls]) assert(!u.includes(good), "no token in a request's address");
		const bare = await open();
		await shows(bare, "a tab without a token shares nothing", strip, /^Refused 401/);
		assert.equal(await text(bare), "");
		p.child.kill();
		return [page, linked, bare];
	},

	async stop() {
		const key = `${process.env.BATS_TEST_TMPDIR}/key`;
		fs.writeFileSync(key, "0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
		await server.close();
		server = await serve(0, "--key", key);
		const p = stage(), args = ["-p", project, "-s", "s", "--for", "5m"];
		p.say("and so on ");
		const reader = await open(target(`&token=${gateway.token(key, ...args)}`));
		await shows(reader, "the text", text, "and so on ");
		assert.equal(await reader.isVisible(".stop"), false, "who may not publish has no button");
		const page = await open(target(`&token=${gateway.token(key, "--pub", ...args)}`));
		await shows(page, "the text", text, "and so on ");
		await page.click(".stop");
		await shows(page, "the end", badge, "Stopped");
		assert.match(await notes(page), /Asked s to stop/);
		return [reader, page];
	},

	async claims() {
		const page = await open(server.url);
		const sees = (globs, name) => page.evaluate(([g, n]) => covers(g, n), [globs, name]);
		for (const [globs, name, want] of [
			[["project/7/s"], "project/7/s", true], [["project/7/*"], "project/7/s", true], [["project/*/s"], "project/7/s", true],
			[["project/*"], "project/7/s", false], [["project/7/s*"], "project/7/story", true], [["project/7/s"], "project/7/sx", false],
			[["project/./s"], "project/7/s", false], [["channel/c*"], "channel/c/d\ne", true], [["channel/[a]"], "channel/a", false],
			["project/7/s", "project/7/s", false], [[null, {}], "project/7/s", false], [undefined, "project/7/s", false],
		]) assert.equal(await sees(globs, name), want, JSON.stringify([globs, name]));
		for (const bad of ["", "a", "a.b.c", "a.%%.c", `a.${btoa("null")}.c`, `a.${btoa("[")}.c`])
			assert.deepEqual(await page.evaluate((t) => claims(t), bad), {});
		return [page];
	},

	// A parser fed whole and a character at a time must tell the same.
	async parser() {
		const page = await open(server.url);
		const stream = "retry: 5\nretry: x\n: comment\nid: 1\ndata: a\n\ndata:b\ndata: c\n\nid: 2\n\rdata\n\nid: \0\nevent: x\ndata: d\r\ndata: e\r\n\r\nid\ndata:  e\r\rdata: lost";
		const run = (size) => page.evaluate(([s, size]) => {
			const out = [], feed = parser((id, data) => out.push([id, data]), (ms) => out.push(ms));
			for (let i = 0; i < s.length; i += size) feed(s.slice(i, i + size));
			return out;
		}, [stream, size]);
		const want = [5, ["1", "a"], ["1", "b\nc"], ["2", ""], ["2", "d\ne"], ["", " e"]];
		for (const size of [1000, 1, 2, 3, 7]) assert.deepEqual(await run(size), want, `pieces of ${size}`);
		return [page];
	},

	async copy() {
		await context.grantPermissions(["clipboard-read", "clipboard-write"]);
		const page = await open(), p = stage();
		const lines = Array.from({ length: 2000 }, (_, i) => `line ${i}\n`).join("") + "end";
		p.send({ type: "token", content: lines });
		await shows(page, "the text", text, lines);
		await page.click(".copy");
		await shows(page, "the button", (pg) => pg.textContent(".copy"), "Copied");
		assert.equal(await page.evaluate(() => navigator.clipboard.readText()), lines);
		assert(await page.evaluate(() => document.querySelectorAll(".text div").length > 3), "long text is laid out in blocks");
		await p.end();
		return [page];
	},

	// Follows the end of a text that grows, until the reader looks at something else.
	async follow() {
		const page = await open(), p = stage();
		const tail = () => page.evaluate(() => atEnd(document.scrollingElement));
		await shows(page, "live", state, "Live");
		p.say(words(100).replaceAll(" ", " \n"));
		await until("the end is in sight", async () => (await text(page)).includes("word99") && (await tail()));
		await page.mouse.move(400, 400);
		await page.mouse.wheel(0, -1500);
		await until("away from it", async () => !(await tail()));
		p.say(words(100, 100).replaceAll(" ", " \n"));
		await until("more text", async () => (await text(page)).includes("word199"));
		assert(!(await tail()), "the page stays where the reader is");
		await page.click("#down");
		await until("at the end again", tail);
		await p.end();
		return [page];
	},

	async smooth() {
		const page = await open(), p = stage(), n = 20000;
		await shows(page, "live", state, "Live");
		await page.evaluate(() => {
			window.frames_ms = [];
			let last = performance.now();
			requestAnimationFrame(function tick(now) {
				frames_ms.push(now - last);
				last = now;
				requestAnimationFrame(tick);
			});
		});
		for (let i = 0; i < n; i += 200) {
			p.say(words(200, i).replaceAll("9 ", "9\n"));
			await new Promise((r) => setTimeout(r, 10));
		}
		await p.end();
		await shows(page, "the end", badge, "Done", 30000);
		assert.equal((await text(page)).length, words(n).length);
		// How long a frame takes is the machine's affair; that it does not take longer as the text grows is ours.
		const frames = await page.evaluate(() => frames_ms), third = Math.floor(frames.length / 3);
		const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
		const early = median(frames.slice(0, third)), late = median(frames.slice(-third));
		console.log(`# ${n} tokens in ${frames.length} frames: median ${early.toFixed(0)} ms in the first third, ${late.toFixed(0)} ms in the last`);
		assert(late < 3 * early + 20, `frames take longer: ${early} ms, then ${late} ms`);
		return [page];
	},

	async looks() {
		const p = stage(), pages = [];
		p.send({ type: "stage_update", status: "processing", message: "a message that is rather long ".repeat(9), progress: 42 });
		p.say(words(100) + "x".repeat(400));
		for (const [name, width, colorScheme] of [["light", 1280, "light"], ["dark", 1280, "dark"], ["narrow", 320, "light"]]) {
			const ctx = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, reducedMotion: "reduce" });
			const page = await open(target(), ctx);
			await shows(page, name, text, words(100) + "x".repeat(400));
			const seen = await page.evaluate(() => {
				const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
				const light = (color) => {
					canvas.fillStyle = color;
					canvas.fillRect(0, 0, 1, 1);
					const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
					return 0.2126 * r + 0.7152 * g + 0.0722 * b;
				};
				const paper = light(getComputedStyle(document.body).backgroundColor);
				const contrast = (css) => {
					const ink = light(getComputedStyle(document.querySelector(css)).color);
					return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
				};
				return { paper, wide: document.scrollingElement.scrollWidth, contrasts: [".text", ".badge", ".meta", "#facts", "#state"].map(contrast) };
			});
			assert(seen.wide <= width, `${name}: nothing sticks out of the page`);
			assert.equal(seen.paper < 0.5, colorScheme === "dark");
			for (const c of seen.contrasts) assert(c >= 4.5, `${name}: contrast ${c}`);
			await shot(page, name);
			pages.push(page);
		}
		await p.end();
		return pages;
	},

	async keyboard() {
		const page = await open(server.url), p = stage();
		p.say("by hand");
		await page.focus('[name="project"]');
		await page.keyboard.type(project);
		await page.keyboard.press("Tab");
		await page.keyboard.type("s");
		await page.keyboard.press("Enter");
		await shows(page, "the text", text, "by hand");
		await shows(page, "what is spoken", (pg) => pg.textContent("#spoken"), "Live");
		assert.equal(await page.evaluate(() => document.querySelectorAll("#stages [aria-live], #stages [role=log], #stages [role=status]").length), 0, "no token is spoken");
		const unnamed = await page.evaluate(() => [...document.querySelectorAll("input, button, progress")].filter((e) => e.checkVisibility() && !(e.labels?.length || e.textContent || e.ariaLabel)).length);
		assert.equal(unnamed, 0);
		await page.goBack();
		await until("the first page", () => page.isVisible("#hello"));
		await p.end();
		return [page];
	},
};

async function launch() {
	const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
	const launched = await chromium.launchServer({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
	console.log(launched.wsEndpoint());
	process.stdin.resume().on("end", () => launched.close().then(() => process.exit(0)));
}

async function run(name) {
	const { listens, hasTokens } = gateway;
	if ((name === "tokens" && !hasTokens) || (name === "stop" && !(hasTokens && listens)))
		return console.log("SKIP: this sp-sse has no tokens, or does not stop anybody");
	server = await serve();
	browser = await chromium.connect(process.env.BROWSER_WS);
	context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
	try {
		for (const page of await scenarios[name]()) assert.deepEqual(page.faults, []);
	} finally {
		await browser.close();
		await server.close();
	}
	process.exit(0);
}

const [name] = process.argv.slice(2);
if (name === "launch") await launch();
else if (Object.hasOwn(scenarios, name)) await run(name);
else throw new Error(`no scenario ${name}`);
