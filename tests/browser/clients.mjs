// SPDX-License-Identifier: MIT
// clients KIND URL [CUT]: reads a stream with a client that nobody here wrote, until that gives up by itself, and
// prints each event as {"id","data"}, a line each. KIND: eventsource, eventsource-parser or chromium.
//
// The client comes through a relay that drops its first connection once CUT events went by: it has to come back and
// to say where it was. What made it end goes to standard error.
import { once } from "node:events";
import { createRequire } from "node:module";
import net from "node:net";
import { pathToFileURL } from "node:url";

const [kind, address, cut = "0"] = process.argv.slice(2);
const target = new URL(address);
const need = createRequire(`${process.env.SPOUT_NPM}/`);
const load = async (name) => import(pathToFileURL(need.resolve(name)));
const print = (id, data) => process.stdout.write(JSON.stringify({ id, data }) + "\n");

let left = +cut;
const relay = net.createServer((client) => {
	const server = net.connect(target.port, target.hostname), first = left > 0;
	const drop = () => (client.destroy(), server.destroy());
	client.on("error", drop).on("close", drop).pipe(server);
	server.on("error", drop).on("end", () => client.end()).on("data", (bytes) => {
		if (client.writableEnded) return;
		client.write(bytes);
		left -= first ? bytes.toString("latin1").split("\n\n").length - 1 : 0;
		if (first && left <= 0) client.end(() => server.destroy());
	});
});
relay.listen(0, "127.0.0.1");
await once(relay, "listening");
const url = `http://127.0.0.1:${relay.address().port}${target.pathname}${target.search}`;

// As a page has it: it does not close at the end, so that the 204 has to stop it.
async function eventsource() {
	const { EventSource } = await load("eventsource");
	const es = new EventSource(url);
	es.onmessage = (e) => print(e.lastEventId, e.data);
	await new Promise((over) => (es.onerror = (e) => es.readyState === 2 && over(console.error(`closed ${e.code}`))));
}

async function eventsource_parser() {
	const { createParser } = await load("eventsource-parser");
	const parser = createParser({ onEvent: (e) => print(e.id ?? "", e.data), onError: (e) => console.error(`bad ${e}`) });
	const r = await fetch(url);
	for await (const bytes of r.body.pipeThrough(new TextDecoderStream())) for (const c of bytes) parser.feed(c);
	console.error("closed");
}

// In a page of the same origin.
async function in_chromium() {
	const { chromium } = need("playwright-core");
	const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
	const page = await browser.newPage();
	await page.exposeFunction("print", print);
	await page.goto(new URL("/healthz", url).href);
	await page.evaluate((url) => new Promise((over) => {
		const es = new EventSource(url), all = [];
		es.onmessage = (e) => all.push(print(e.lastEventId, e.data));
		es.onerror = () => es.readyState === 2 && Promise.all(all).then(over);
	}), url);
	console.error("closed");
	await browser.close();
}

await { eventsource, "eventsource-parser": eventsource_parser, chromium: in_chromium }[kind]();
process.exit(0);
