/* SPDX-License-Identifier: MIT */
/* Small streams, one for each oddity; each is fed whole, byte by byte, and in two parts, cut
 * anywhere. The recordings of real ones are in dialect_streams.c. */
#include <stdlib.h>

#include "dialect.h"
#include "t.h"

enum { CAP = 2000 };

/* What was told, as text: t(…) r(…) f(…) for each piece, c(index id name arguments) with ' around
 * arguments that are text; then the end and what is known. */
static void add(struct buf *b, const char *name, struct json_slice s)
{
	if (s.s != NULL)
		(void)buf_addf(b, "%s(%.*s)", name, (int)s.len, s.s); /* far below the cap */
}

static void on_text(void *arg, struct json_slice raw)
{
	add(arg, "t", raw);
}

static void on_reasoning(void *arg, struct json_slice raw)
{
	add(arg, "r", raw);
}

static void on_refusal(void *arg, struct json_slice raw)
{
	add(arg, "f", raw);
}

static void on_tool_call(void *arg, const struct dialect_call *c)
{
	const char *quote = c->is_json ? "" : "'";

	(void)buf_addf(arg, "c(%u %.*s %.*s %s%.*s%s)", c->index, (int)c->id.len,
	    c->id.s != NULL ? c->id.s : "", (int)c->name.len, c->name.s != NULL ? c->name.s : "",
	    quote, (int)c->arguments.len, c->arguments.s, quote); /* as above */
}

static void add_result(struct buf *b, const struct dialect_result *r)
{
	static const char *const ends[] = {"own", "CUT", "ERROR"};

	/* As above. */
	(void)buf_addf(b, " %s", ends[r->end]);
	add(b, " finish", r->finish_reason);
	add(b, " model", r->model);
	add(b, " usage", r->usage);
	if (r->tokens_used >= 0)
		(void)buf_addf(b, " tokens(%lld)", r->tokens_used);
	add(b, " error", r->error);
	if (r->message[0] != '\0')
		(void)buf_addf(b, ": %s", r->message);
}

/* Feeds the first `first` bytes, then `step` at a time, each from memory of its own. */
static void read_stream(
    struct buf *b, enum dialect_kind kind, const char *s, size_t len, size_t first, size_t step)
{
	static const struct dialect_ops ops = {on_text, on_reasoning, on_refusal, on_tool_call};
	struct dialect *d = dialect_open(kind, &ops, b, CAP);
	struct dialect_result result;
	struct why w;
	int r = 0;

	buf_clear(b);
	for (size_t at = 0, n = first; at < len && r == 0; at += n, n = step) {
		n = n < len - at ? n : len - at;
		char *copy = xmalloc(n);

		memcpy(copy, s + at, n);
		r = dialect_feed(d, copy, n, &w);
		free(copy);
	}
	if (r == 0 && (r = dialect_end(d, &result, &w)) == 0)
		add_result(b, &result);
	if (r < 0)
		(void)buf_addf(b, " refused: %s", w.text); /* as above */
	(void)buf_addc(b, '\0');                           /* as above */
	dialect_close(d);
}

static struct buf whole, cut;

static int reads(enum dialect_kind kind, const char *s, size_t len, const char *want)
{
	read_stream(&whole, kind, s, len, len, len);
	for (size_t first = 0; first <= len; first++) {
		read_stream(&cut, kind, s, len, first, first == 0 ? 1 : len);
		if (strcmp(buf_head(&cut), buf_head(&whole)) == 0)
			continue;
		printf(
		    "# cut at %zu: %s\n# not:      %s\n", first, buf_head(&cut), buf_head(&whole));
		return 0;
	}
	return t_eq(buf_head(&whole), whole.len - 1, want);
}

/* The same with its dialect's name and without. */
static int gives(enum dialect_kind kind, const char *s, const char *want)
{
	return reads(kind, s, strlen(s), want) && reads(DIALECT_AUTO, s, strlen(s), want);
}

static int only(enum dialect_kind kind, const char *s, const char *want)
{
	return reads(kind, s, strlen(s), want);
}

#define CHOICE(rest) "data: {\"choices\":[{\"index\":0," rest "}]}\n\n"
#define DELTA(rest) CHOICE("\"delta\":{" rest "}")
#define STOP CHOICE("\"delta\":{},\"finish_reason\":\"stop\"")
#define DONE "data: [DONE]\n\n"
#define OPENAI DIALECT_OPENAI

/* --- Frames. */

static void line_ends(void)
{
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") DELTA("\"content\":\"b\"") STOP DONE,
	       "t(a)t(b) own finish(stop)"),
	    "a stream of events is read");
	ok(gives(OPENAI,
	       "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n"
	       "data:{\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\r\rdata: [DONE]\r\n",
	       "t(a)t(b) own"),
	    "CRLF and CR end lines, and the space behind data: may be missing");
	ok(gives(OPENAI,
	       "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n"
	       "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\ndata: [DONE]",
	       "t(a)t(b) own"),
	    "without empty lines each data line is an event, the last without a line end too");
	ok(gives(OPENAI,
	       "data: {\"choices\":[\ndata: {\"delta\":{\"content\":\n: c\nid: 1\ndata: \"a\"}}\n"
	       "data: ]}\n\n" DONE,
	       "t(a) own") &&
		gives(OPENAI,
		    "data: {\"choices\":[{\"delta\":\r\n"
		    "data: {\"content\":\"a\"}}]}\r\n\r\n" DONE,
		    "t(a) own"),
	    "data of one event on several lines is joined");
	ok(gives(OPENAI,
	       "\xef\xbb\xbf: PROCESSING\n\n:\nid: 7\nretry: 1\nevent: x\n" DELTA(
		   "\"content\":\"a\"") ": ping\n\ndata:\n\ndata: ping\n\nx-other: y\n" DONE,
	       "t(a) own"),
	    "a byte-order mark, comments, other fields and data that is no JSON are skipped");
	ok(gives(OPENAI,
	       "event: ping\ndata: {\"type\":\"ping\"}\n\n" DELTA("\"content\":\"a\"") "[DONE]\n",
	       "t(a) own"),
	    "a gateway's ping is of no dialect, and the end marker may stand bare");
	ok(gives(OPENAI,
	       "{\n \"choices\": [\n  {\"message\": {\"content\": \"a {\\\"b\\\": [\"},\n"
	       "   \"finish_reason\": \"stop\"}\n ]\n}\n",
	       "t(a {\\\"b\\\": [) own finish(stop)"),
	    "a whole answer instead of a stream is read too");
}

static void cuts(void)
{
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") "data: {\"choices\":[{\"delta\":{\"con",
	       "t(a) CUT: the stream was cut in the middle of line 3"),
	    "of a stream that is cut in a line what was complete counts");
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") "da",
	       "t(a) CUT: the stream was cut in the middle of line 3"),
	    "the cut may be in the name of the field");
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") "data: [DON",
	       "t(a) CUT: the stream ended after line 3 without an end of its own"),
	    "half of an end marker is none");
	ok(gives(OPENAI, DELTA("\"content\":\"a\""),
	       "t(a) CUT: the stream ended after line 2 without an end of its own"),
	    "a stream without finish reason and end marker was cut");
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") STOP "data: {\"usa", "t(a) own finish(stop)"),
	    "after a finish reason nothing of the answer is missing");
	ok(gives(OPENAI, "", " CUT: the stream is empty"), "no bytes are an empty stream");
	ok(gives(DIALECT_GEMINI,
	       "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},"
	       "\"finishReason\":\"STOP\"}]}\n\ndata: {\"cand",
	       "t(a) CUT finish(STOP): the stream was cut in the middle of line 3"),
	    "but Gemini's finish reason, sent with each event, says nothing in front of a cut");
}

static void garbage(void)
{
	ok(gives(OPENAI, "<html>\n<body>",
	       " refused: line 1: this is no provider's stream: "
	       "\"<html>\""),
	    "a page is refused with its line");
	ok(gives(OPENAI, "HTTP/1.1 200 OK\r\n",
	       " refused: line 1: this is no provider's stream: \"HTTP/1.1 200 OK\""),
	    "and so are headers");
	ok(gives(OPENAI, "Not Found",
	       " refused: line 1: this is no provider's stream: \"Not Found\""),
	    "and a body without a line end");
	ok(gives(OPENAI, ": c\n\ndata: hello\n\ndata: bye\n\n",
	       " refused: line 3: this is no provider's stream: \"hello\""),
	    "and a stream of other events");
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") "data: {\"choices\":nul}\n\n" STOP,
	       "t(a) refused: line 3: not JSON: not a JSON value at byte 12"),
	    "an event that is not JSON is refused with its line, after what came before");
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") "data: {\"choices\":[]} x\n\n",
	       "t(a) refused: line 3: not JSON: something follows the JSON value at byte 16"),
	    "nothing of an event that is not valid to its end is told");
	ok(gives(OPENAI, DELTA("\"content\":\"\xff\""),
	       " refused: line 1: not JSON: invalid UTF-8 at byte 44"),
	    "invalid UTF-8 is refused");
	ok(gives(DIALECT_OLLAMA, "{\"response\":\"a\",\"done\":false}\n{\"response\":\n{}\n",
	       "t(a) refused: line 2: a JSON value that does not end on its line"),
	    "a broken line between lines of JSON is refused");
	ok(gives(DIALECT_OLLAMA, "{\"response\":\"a\",\"done\":false}\nhello\n",
	       "t(a) refused: line 2: this is no provider's stream: \"hello\""),
	    "and so is text between them");
	ok(only(OPENAI, "data: {\"type\":\"message_start\"}\n\n",
	       " refused: line 1: this is the stream of anthropic, not of openai"),
	    "the stream of another dialect is named");
	ok(only(DIALECT_AUTO, "{\"a\":1}\n{\"b\":2}\n",
	       " refused: line 1: this is no known provider's stream"),
	    "JSON of nobody is refused");
}

static void bounds(void)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	(void)buf_adds(
	    &b, "data: {\"choices\":[{\"delta\":{\"content\":\""); /* far below the cap */
	for (int i = 0; i < CAP; i++)
		(void)buf_addc(&b, 'x'); /* as above */
	ok(reads(OPENAI, buf_head(&b), b.len, " refused: line 1: longer than 2000 bytes"),
	    "a line is bounded");
	buf_clear(&b);
	(void)buf_adds(&b, ":\ndata: {\n"); /* as above */
	for (int i = 0; i < CAP / 5; i++)
		(void)buf_adds(&b, "data:  \t \n"); /* as above */
	ok(reads(OPENAI, buf_head(&b), b.len, " refused: line 2: longer than 2000 bytes"),
	    "an event of many lines is bounded");
	buf_clear(&b);
	for (int i = 0; i <= DIALECT_CALLS_MAX; i++)
		(void)buf_addf(&b, DELTA("\"tool_calls\":[{\"index\":%d}]"), i); /* as above */
	ok(reads(OPENAI, buf_head(&b), b.len, " refused: line 257: more tool calls than 128"),
	    "the number of tool calls is bounded");
	buf_clear(&b);
	for (int i = 0; i < CAP; i += 100)
		(void)buf_addf(&b,
		    DELTA("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"%0101d\"}}]"),
		    0); /* as above */
	ok(reads(OPENAI, buf_head(&b), b.len,
	       " refused: line 39: tool calls longer than an event may be"),
	    "their size is bounded");
	buf_fini(&b);
}

static void surrogates(void)
{
	ok(gives(OPENAI,
	       DELTA("\"content\":\"a\\ud83d\"") DELTA("\"content\":\"\\ude00b\"")
		   DELTA("\"content\":\"\\ud83d\\ude00\"") DONE,
	       "t(a)t(\\ud83d\\ude00b)t(\\ud83d\\ude00) own"),
	    "half of a surrogate pair waits for the other half");
	ok(gives(OPENAI,
	       DELTA("\"content\":\"\\uD83D\"") DELTA("\"reasoning\":\"r\"")
		   DELTA("\"content\":\"x\\\\ud83d\"") DELTA("\"content\":\"\\\\\\udabc\"") DONE,
	       "r(r)t(\\uD83Dx\\\\ud83d)t(\\\\)t(\\udabc) own"),
	    "or for whatever comes, or for the end; an escaped backslash is no escape");
}

/* --- OpenAI and those who imitate it. */

static void openai_content(void)
{
	ok(gives(OPENAI,
	       DELTA("\"content\":null") DELTA("\"content\":\"\"")
		   DELTA("\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\","
			 "\"text\":\"r\"}]},{\"type\":\"text\",\"text\":\"a\"}]")
		       DELTA("\"content\":{\"text\":\"b\"}") DONE,
	       "r(r)t(a)t(b) own"),
	    "content may be null, empty, or parts");
	ok(gives(OPENAI,
	       "data: {\"choices\":[]}\n\ndata: {\"choices\":[{\"index\":1,\"delta\":{\"content\":"
	       "\"x\"},\"finish_reason\":\"length\"},{\"index\":0,\"delta\":{\"content\":\"a\"}}]}"
	       "\n\n" DELTA("\"content\":\"b\"") STOP
	       "data: {\"choices\":[{\"index\":2,\"delta\":{\"content\":\"y\"}}]}\n\n" DONE,
	       "t(a)t(b) own finish(stop)"),
	    "the text is that of choice 0, and there may be no choice");
	ok(gives(OPENAI,
	       CHOICE("\"text\":\"a\",\"finish_reason\":null") CHOICE(
		   "\"text\":\"b\",\"delta\":{\"content\":\"b\"},\"message\":{\"content\":\"ab\"}")
		   CHOICE("\"delta\":null,\"finish_reason\":\"length\"")
		       CHOICE("\"finish_reason\":null") CHOICE("\"finish_reason\":\"\""),
	       "t(a)t(b) own finish(length)"),
	    "legacy text counts without a delta; null and empty finish reasons do not");
	ok(gives(OPENAI,
	       DELTA("\"reasoning_content\":\"a\",\"reasoning\":\"a\"")
		   DELTA("\"reasoning\":\"b\",\"reasoning_details\":[{\"text\":\"b\"}]") DELTA(
		       "\"reasoning_content\":\"\",\"reasoning_details\":[{\"text\":\"c\"},"
		       "{\"type\":\"reasoning.summary\",\"summary\":\"d\"},{\"data\":\"e\"}]") DONE,
	       "r(a)r(b)r(c)r(d) own"),
	    "of the forms of reasoning in one delta one is taken");
	ok(gives(OPENAI, DELTA("\"refusal\":\"no\"") STOP DONE, "f(no) own finish(stop)"),
	    "a refusal is told apart from text");
	ok(gives(OPENAI,
	       "data: {\"\\u0063hoices\":[ {\"d\\u0065lta\" : {\"content\" : \"a\"} , "
	       "\"finish_reason\":\"stop\"} ] , \"model\" : \"m\" }\n\n",
	       "t(a) own finish(stop) model(m)"),
	    "names may be written with escapes and white space");
}

static void openai_facts(void)
{
	ok(gives(OPENAI,
	       "data: {\"model\":\"\",\"choices\":[],\"usage\":null}\n\n"
	       "data: {\"model\":\"m\",\"choices\":[],\"usage\":{ }}\n\n"
	       "data: {\"model\":\"n\",\"choices\":[],\"usage\":{\"completion_tokens\":7}}\n\n"
	       "data: {\"choices\":[],\"usage\":{}}\n\n" DONE,
	       " own model(m) usage({\"completion_tokens\":7}) tokens(7)"),
	    "the first model and the last usage that says anything count");
	ok(gives(OPENAI,
	       CHOICE(
		   "\"delta\":{},\"usage\":{\"completion_tokens\":1}") "data: "
								       "{\"choices\":[],\"x_groq\":"
								       "{\"usage\":{\"completion_"
								       "tokens\":2}}}\n\n",
	       " CUT usage({\"completion_tokens\":2}) tokens(2): the stream ended after line 4 "
	       "without an end of its own"),
	    "usage may stand in a choice, and in x_groq");
	ok(gives(OPENAI, "data: {\"choices\":[],\"usage\":{\"completion_tokens\":-1}}\n\n" DONE,
	       " own usage({\"completion_tokens\":-1})") &&
		gives(OPENAI,
		    "data: {\"choices\":[],\"usage\":{\"completion_tokens\":2.0}}\n\n" DONE,
		    " own usage({\"completion_tokens\":2.0}) tokens(2)") &&
		gives(OPENAI,
		    "data: {\"choices\":[],\"usage\":{\"completion_tokens\":1e3}}\n\n" DONE,
		    " own usage({\"completion_tokens\":1e3})"),
	    "a count is a whole number");
}

#define CALLS(list) DELTA("\"tool_calls\":[" list "]")

static void openai_calls(void)
{
	ok(gives(OPENAI,
	       CALLS("{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"n\",\"arguments\":\"\"}}")
		   CALLS("{\"index\":0,\"id\":\"\",\"function\":{\"arguments\":\"{\\\"a\\\"\"}}")
		       CALLS("{\"index\":1,\"id\":\"j\",\"function\":{\"name\":\"o\"}}")
			   CALLS("{\"index\":0,\"function\":{\"arguments\":\":1}\"}}") DONE,
	       "c(0 i n '{\\\"a\\\":1}')c(1 j o '') own"),
	    "tool calls are put together from pieces that come mixed");
	ok(gives(OPENAI,
	       CALLS("{\"index\":1,\"id\":\"j\",\"function\":{\"name\":\"o\"}}")
		   CALLS("{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"n\"}}") STOP,
	       "c(0 i n '')c(1 j o '') own finish(stop)"),
	    "they are told in the order of their indexes");
	ok(gives(OPENAI,
	       CALLS("{\"id\":\"i\",\"function\":{\"name\":\"n\",\"arguments\":{\"a\":1}}},"
		     "{\"id\":\"j\",\"function\":{\"name\":\"n\",\"arguments\":\"x\"}}")
		   CALLS("{\"function\":{\"arguments\":\"y\"}}")
		       CALLS("{\"function\":{\"name\":\"p\"}}") DONE,
	       "c(0 i n {\"a\":1})c(1 j n 'xy')c(2  p '') own"),
	    "an index may be missing, and arguments may be an object");
	ok(gives(OPENAI,
	       CALLS("{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"n\",\"arguments\":\"1\"}}")
		   CALLS("{\"index\":0,\"id\":\"j\",\"function\":{\"arguments\":\"2\"}}")
		       CALLS("{\"index\":0,\"id\":\"k\",\"function\":{\"name\":\"o\",\"arguments\":"
			     "\"3\"}}") DONE,
	       "c(0 i n '12')c(1 k o '3') own"),
	    "only a new id with a name begins another call at the same index");
	ok(gives(OPENAI,
	       DELTA("\"function_call\":{\"name\":\"n\",\"arguments\":\"{\"}")
		   DELTA("\"function_call\":{\"arguments\":\"}\"}") DONE,
	       "c(0  n '{}') own"),
	    "a legacy function call is one without an id");
	ok(gives(OPENAI,
	       CALLS(
		   "{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"n\",\"arguments\":\"{}\"}}")
		   CALLS("{\"index\":1,\"id\":\"j\",\"function\":{\"name\":\"n\","
			 "\"arguments\":\"{\"}}"),
	       "c(0 i n '{}') CUT: the stream ended after line 4 without an end of its own"),
	    "of a stream that was cut only whole arguments are told");
}

static void errors(void)
{
	ok(gives(OPENAI,
	       "{\n  \"error\": {\n    \"message\": \"no\\nkey\",\n    \"code\": null\n  }\n}",
	       " ERROR error({\n    \"message\": \"no\\nkey\",\n    \"code\": null\n  }): no?key"),
	    "a JSON body instead of a stream is an error");
	ok(gives(OPENAI,
	       DELTA("\"content\":\"a\"") STOP "data: {\"error\":{\"message\":\"x\"}}\n\n" DONE,
	       "t(a) ERROR finish(stop) error({\"message\":\"x\"}): x"),
	    "an error counts whatever came before and behind it");
	ok(gives(OPENAI,
	       DELTA("\"content\":\"a\"") "event: error\ndata: {\"message\":\"x\"}\n\n"
					  "data: {\"error\":{\"message\":\"second\"}}\n\n",
	       "t(a) ERROR error({\"message\":\"x\"}): x"),
	    "so does an event called error; the first one counts");
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") "event: error\ndata: over capacity\n\n",
	       "t(a) ERROR error(\"over capacity\"): over capacity"),
	    "even one that is plain text");
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") "error: {\"error\":{\"message\":\"x\"}}\n\n",
	       "t(a) ERROR error({\"message\":\"x\"}): x"),
	    "and llama-box's error: line");
	ok(gives(OPENAI, DELTA("\"content\":\"a\"") "error: {\"error\":{\"mess",
	       "t(a) CUT: the stream was cut in the middle of line 3"),
	    "half of one is a cut");
	ok(gives(OPENAI, "data: {\"object\":\"error\",\"message\":\"x\",\"code\":400}\n\n" DONE,
	       " ERROR error({\"object\":\"error\",\"message\":\"x\",\"code\":400}): x"),
	    "vLLM's event is the error itself");
	ok(gives(OPENAI,
	       CHOICE("\"delta\":{},\"error\":{\"code\":502},\"finish_reason\":\"error\""),
	       " ERROR finish(error) error({\"code\":502}): {\"code\":502}"),
	    "an error may stand in a choice; one without a message is shown as it is");
	ok(gives(OPENAI, CHOICE("\"delta\":{},\"finish_reason\":\"error\"") DONE,
	       " ERROR finish(error) error(\"the provider ended with an error and did not say "
	       "which\"): the provider ended with an error and did not say which"),
	    "a finish reason that is an error is one");
	ok(gives(OPENAI,
	       "data: "
	       "{\"choices\":[{\"delta\":{\"content\":\"error\",\"meta\":{\"error\":\"x\"}}}],"
	       "\"error\":null}\n\n" DONE,
	       "t(error) own"),
	    "the word deep in an event is none, nor is a null");
	ok(only(DIALECT_AUTO, "{\"detail\":\"Not Found\"}",
	       " ERROR error({\"detail\":\"Not Found\"}): Not Found") &&
		only(DIALECT_GEMINI, "{\"detail\":\"Not Found\"}",
		    " ERROR error({\"detail\":\"Not Found\"}): Not Found"),
	    "a gateway's body is an error of nobody's dialect");
}

/* --- The others. */

#define RESPONSES DIALECT_RESPONSES

static void responses(void)
{
	ok(gives(RESPONSES,
	       "data: {\"type\":\"response.created\",\"response\":{\"model\":\"m\",\"status\":"
	       "\"in_progress\",\"usage\":null,\"error\":null}}\n\n"
	       "event: response.output_text.delta\n"
	       "data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n"
	       "data: {\"type\":\"response.output_text.done\",\"text\":\"a\"}\n\n"
	       "data: {\"type\":\"response.refusal.delta\",\"delta\":\"no\"}\n\n"
	       "data: {\"type\":\"response.new.thing\",\"delta\":\"x\"}\n\n"
	       "data: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\","
	       "\"usage\":{\"output_tokens\":3}}}\n\n",
	       "t(a)f(no) own finish(incomplete) model(m) usage({\"output_tokens\":3}) tokens(3)"),
	    "responses: deltas are told, what repeats them is not");
	ok(gives(RESPONSES,
	       "data: {\"type\":\"response.reasoning_summary_text.delta\",\"delta\":\"a\"}\n"
	       "data: {\"type\":\"response.reasoning_text.delta\",\"delta\":\"b\"}\n"
	       "data: {\"type\":\"response.reasoning_summary_text.delta\",\"delta\":\"c\"}\n"
	       "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\"}}\n",
	       "r(a)r(c) own finish(completed)"),
	    "of a thought and its summary one is told");
	ok(gives(RESPONSES,
	       "data: "
	       "{\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":{\"type\":"
	       "\"function_call\",\"call_id\":\"i\",\"name\":\"n\",\"arguments\":\"\"}}\n"
	       "data: {\"type\":\"response.function_call_arguments.delta\",\"output_index\":1,"
	       "\"delta\":\"{\"}\n"
	       "data: {\"type\":\"response.function_call_arguments.done\",\"output_index\":1,"
	       "\"arguments\":\"{}\"}\n"
	       "data: "
	       "{\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{\"type\":"
	       "\"web_search_call\",\"arguments\":\"x\"}}\n"
	       "data: "
	       "{\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":{\"type\":"
	       "\"function_call\",\"call_id\":\"i\",\"name\":\"n\",\"arguments\":\"{}\"}}\n"
	       "data: "
	       "{\"type\":\"response.output_item.done\",\"output_index\":2,\"item\":{\"type\":"
	       "\"custom_tool_call\",\"call_id\":\"j\",\"name\":\"o\",\"input\":\"x\"}}\n"
	       "data: [DONE]\n",
	       "c(0 i n '{}')c(1 j o 'x') own"),
	    "calls of the caller's tools are told, the server's own are not");
	ok(gives(RESPONSES,
	       "data: {\"type\":\"error\",\"sequence_number\":1,\"message\":\"x\"}\n\n"
	       "data: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\","
	       "\"error\":{\"message\":\"y\"}}}\n\n",
	       " ERROR finish(failed) error({\"type\":\"error\",\"sequence_number\":1,"
	       "\"message\":\"x\"}): x") &&
		gives(RESPONSES,
		    "data: {\"type\":\"response.failed\",\"response\":{\"status\":\"failed\"}}\n\n",
		    " ERROR finish(failed) error(\"the response failed\"): the response failed"),
	    "an error event and a failed response are errors");
}

static void anthropic(void)
{
	const enum dialect_kind kind = DIALECT_ANTHROPIC;

	ok(gives(kind,
	       "event: ping\ndata: {\"type\":\"ping\"}\n\n"
	       "data: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"usage\":"
	       "{\"input_tokens\":1,\"output_tokens\":1,\"x\":{\"y\":2}}}}\n\n"
	       "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
	       "\"thinking\",\"thinking\":\"\"}}\n\n"
	       "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
	       "\"thinking_delta\",\"thinking\":\"r\"}  }\n\n"
	       "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
	       "\"signature_delta\",\"signature\":\"s\"}}\n\n"
	       "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":"
	       "\"text\",\"text\":\"a\"}}\n\n"
	       "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":"
	       "\"text_delta\",\"text\":\"b\"}}\n\n"
	       "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
	       "\"usage\":{\"output_tokens\":5,\"input_tokens\":null,\"z\":3}}\n\n"
	       "data: {\"type\":\"message_stop\"}",
	       "r(r)t(a)t(b) own finish(end_turn) model(m) usage({\"input_tokens\":1,"
	       "\"output_tokens\":5,\"x\":{\"y\":2},\"z\":3}) tokens(5)"),
	    "anthropic: the usage of the end is laid over that of the start");
	ok(gives(kind,
	       "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":"
	       "\"tool_use\",\"id\":\"i\",\"name\":\"n\",\"input\":{}}}\n"
	       "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":"
	       "\"input_json_delta\",\"partial_json\":\"\"}}\n"
	       "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":"
	       "\"input_json_delta\",\"partial_json\":\"{\\\"a\\\"\"}}\n"
	       "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":"
	       "\"input_json_delta\",\"partial_json\":\":1}\"}}\n"
	       "data: {\"type\":\"content_block_stop\",\"index\":1}\n"
	       "data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":"
	       "\"tool_use\",\"id\":\"j\",\"name\":\"o\",\"input\":{\"b\":2}}}\n"
	       "data: {\"type\":\"content_block_stop\",\"index\":2}\n"
	       "data: {\"type\":\"content_block_start\",\"index\":3,\"content_block\":{\"type\":"
	       "\"server_tool_use\",\"id\":\"k\",\"name\":\"web_search\",\"input\":{}}}\n"
	       "data: {\"type\":\"content_block_delta\",\"index\":3,\"delta\":{\"type\":"
	       "\"input_json_delta\",\"partial_json\":\"{}\"}}\n"
	       "data: {\"type\":\"content_block_start\",\"index\":4,\"content_block\":{\"type\":"
	       "\"tool_use\",\"id\":\"l\",\"name\":\"p\",\"input\":{}}}\n",
	       "c(0 i n '{\\\"a\\\":1}')c(1 j o {\"b\":2}) CUT: the stream ended after line 10 "
	       "without an end of its own"),
	    "tools of the caller are told when their block ends");
	ok(gives(kind,
	       "data: {\"type\":\"message_start\",\"message\":{\"usage\":{}}}\n\n"
	       "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"x\"},"
	       "\"usage\":{\"output_tokens\":2}}\n\n",
	       " own finish(x) usage({\"output_tokens\":2}) tokens(2)"),
	    "an empty usage is none");
	ok(gives(kind,
	       "{\"type\":\"error\",\"error\":{\"type\":\"t\",\"message\":\"x\"},\"request_id\":"
	       "\"r\"}",
	       " ERROR error({\"type\":\"t\",\"message\":\"x\"}): x"),
	    "an error body is an error");
	ok(gives(kind,
	       "data: {\"type\":\"completion\",\"completion\":\" a\",\"stop_reason\":null,"
	       "\"model\":\"m\"}\n\ndata: {\"type\":\"completion\",\"completion\":\"b\","
	       "\"stop_reason\":\"stop_sequence\"}\n\n",
	       "t( a)t(b) own finish(stop_sequence) model(m)"),
	    "completions of old are read");
}

static void gemini(void)
{
	const enum dialect_kind kind = DIALECT_GEMINI;

	ok(gives(kind,
	       "[{\n  \"candidates\": [\n    {\"content\": {\"parts\": [{\"text\": \"a]\"}]}}\n  "
	       "]\n}\n"
	       ",\n{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"b\"}]},\"finishReason\":"
	       "\"STOP\"}],\"modelVersion\":\"m\"}\n]\n",
	       "t(a])t(b) own finish(STOP) model(m)") &&
		gives(kind,
		    "[{\"candidates\":[]},{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
		    "\"a\"}]}"
		    "}]},\r\n{\"candidates\":[{\"finishReason\":\"STOP\"}]}]",
		    "t(a) own finish(STOP)"),
	    "gemini: a JSON array is a stream, however it is laid out");
	ok(gives(kind, "[{\n  \"error\": {\n    \"code\": 400, \"status\": \"S\"}\n}\n]\n",
	       " ERROR error({\n    \"code\": 400, \"status\": \"S\"}): "
	       "{?    \"code\": 400, \"status\": \"S\"}"),
	    "and so is one with an error");
	ok(gives(kind,
	       "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"r\",\"thought\":true},"
	       "{\"text\":\"a\",\"thought\":false},{\"executableCode\":{\"code\":\"x\"}},"
	       "{\"functionCall\":{\"name\":\"n\",\"args\":{\"b\":1}}},{\"functionCall\":"
	       "{\"id\":\"i\",\"name\":\"o\"}}]}},{\"index\":1,\"content\":{\"parts\":[{\"text\":"
	       "\"y\"}]}}],\"usageMetadata\":{\"candidatesTokenCount\":4}}\r\n\r\n"
	       "data: {\"candidates\":[{\"content\":{\"role\":\"model\"},\"finishReason\":"
	       "\"MAX_TOKENS\"}],\"usageMetadata\":{\"candidatesTokenCount\":5}}\r\n\r\n",
	       "r(r)t(a)c(0  n {\"b\":1})c(1 i o {}) own finish(MAX_TOKENS) "
	       "usage({\"candidatesTokenCount\":5}) tokens(5)"),
	    "parts are text, thoughts and calls; the last usage counts");
	ok(gives(kind, "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}",
	       " own finish(SAFETY)"),
	    "a blocked prompt is an end");
	ok(gives(kind,
	       "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},"
	       "\"finishReason\":\"STOP\"}]}\n\n{\n  \"error\": {\n \"message\": \"x\"\n}\n}\n",
	       "t(a) ERROR finish(STOP) error({\n \"message\": \"x\"\n}): x"),
	    "bare JSON in the midst of events is an error");
}

static void ollama(void)
{
	const enum dialect_kind kind = DIALECT_OLLAMA;

	ok(gives(kind,
	       "{\"model\":\"m\",\"message\":{\"content\":\"\",\"thinking\":\"r\"},\"done\":false}"
	       "\n\n"
	       "{\"model\":\"m\",\"message\":{\"content\":\"a\",\"tool_calls\":[{\"function\":"
	       "{\"name\":\"n\",\"arguments\":{\"b\":1}}}]},\"done\":false}\r\n"
	       "{\"model\":\"m\",\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":"
	       "\"stop\",\"context\":[1,2],\"eval_count\":5,\"eval_duration\":6}",
	       "r(r)t(a)c(0  n {\"b\":1}) own finish(stop) model(m) "
	       "usage({\"eval_count\":5,\"eval_duration\":6}) tokens(5)"),
	    "ollama: chat, with the counts of its last line");
	ok(gives(kind,
	       "{\"response\":\"\",\"thinking\":\"r\",\"done\":false}\n"
	       "{\"response\":\"a\",\"done\":false}\n{\"response\":\"\",\"done\":true}\n",
	       "r(r)t(a) own"),
	    "generate, of a server too old to give a reason");
	ok(gives(kind, "{\"response\":\"a\",\"done\":false}\n{\"error\":\"x\"}\n",
	       "t(a) ERROR error(\"x\"): x") &&
		gives(kind, "{\"error\":\"model 'x' not found\"}",
		    " ERROR error(\"model 'x' not found\"): model 'x' not found"),
	    "an error is a line of its own");
	ok(gives(kind, "{\"response\":\"a\",\"done\":false}\n{\"response\":\"b\",\"do",
	       "t(a) CUT: the stream was cut in the middle of line 2"),
	    "a line that is cut is none");
}

static void cohere(void)
{
	const enum dialect_kind kind = DIALECT_COHERE;

	ok(gives(kind,
	       "data: {\"type\":\"message-start\",\"delta\":{\"message\":{\"tool_calls\":[]}}}\n\n"
	       "data: {\"type\":\"content-start\",\"index\":0,\"delta\":{\"message\":{\"content\":"
	       "{\"type\":\"text\",\"text\":\"\"}}}}\n\n"
	       "data: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":"
	       "{\"thinking\":\"r\"}}}}\n\n"
	       "data: {\"type\":\"content-delta\",\"index\":1,\"delta\":{\"message\":{\"content\":"
	       "{\"text\":\"a\"}}}}\n\n"
	       "data: "
	       "{\"type\":\"tool-plan-delta\",\"delta\":{\"message\":{\"tool_plan\":\"p\"}}}\n\n"
	       "data: "
	       "{\"type\":\"tool-call-start\",\"index\":0,\"delta\":{\"message\":{\"tool_calls\":"
	       "{\"id\":\"i\",\"function\":{\"name\":\"n\",\"arguments\":\"\"}}}}}\n\n"
	       "data: "
	       "{\"type\":\"tool-call-delta\",\"index\":0,\"delta\":{\"message\":{\"tool_calls\":"
	       "{\"function\":{\"arguments\":\"{}\"}}}}}\n\n"
	       "data: {\"type\":\"tool-call-end\",\"index\":0}\n\n"
	       "data: "
	       "{\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":"
	       "{\"billed_units\":{\"output_tokens\":1},\"tokens\":{\"output_tokens\":2.0}}}}\n\n",
	       "r(r)t(a)r(p)c(0 i n '{}') own finish(COMPLETE) usage({\"billed_units\":"
	       "{\"output_tokens\":1},\"tokens\":{\"output_tokens\":2.0}}) tokens(2)"),
	    "cohere: version 2, with thoughts, a plan and a call");
	ok(gives(kind,
	       "{\"is_finished\":false,\"event_type\":\"stream-start\"}\n"
	       "{\"is_finished\":false,\"event_type\":\"text-generation\",\"text\":\"a\"}\n"
	       "{\"event_type\":\"tool-calls-generation\",\"tool_calls\":[{\"name\":\"n\","
	       "\"parameters\":{\"b\":1}}]}\n"
	       "{\"is_finished\":true,\"event_type\":\"stream-end\",\"finish_reason\":\"COMPLETE\","
	       "\"response\":{\"text\":\"a\",\"meta\":{\"billed_units\":{\"output_tokens\":3}}}}\n",
	       "t(a)c(0  n {\"b\":1}) own finish(COMPLETE) usage({\"billed_units\":"
	       "{\"output_tokens\":3}}) tokens(3)"),
	    "version 1, a line an event");
	ok(gives(kind, "{\"id\":\"1\",\"message\":\"invalid api token\"}",
	       " ERROR error({\"id\":\"1\",\"message\":\"invalid api token\"}): invalid api "
	       "token") &&
		gives(kind,
		    "data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\","
		    "\"error\":\"x\"}}\n\n",
		    " ERROR finish(ERROR) error(\"x\"): x"),
	    "errors instead of a stream and at its end");
}

static void names(void)
{
	int good = 1;

	for (int kind = DIALECT_AUTO; kind <= DIALECT_COHERE; kind++)
		good &= dialect_by_name(dialect_name((enum dialect_kind)kind)) == kind;
	ok(good && dialect_by_name("") == -1 && dialect_by_name("openai2") == -1,
	    "each dialect has a name");
}

int main(void)
{
	buf_init(&whole, 1 << 20);
	buf_init(&cut, 1 << 20);
	names();
	line_ends();
	cuts();
	garbage();
	bounds();
	surrogates();
	openai_content();
	openai_facts();
	openai_calls();
	errors();
	responses();
	anthropic();
	gemini();
	ollama();
	cohere();
	buf_fini(&whole);
	buf_fini(&cut);
	return t_done();
}
