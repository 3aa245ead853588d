# Spout: small pipe-friendly programs that move LLM tokens, progress and jobs through Redis.
#
#   make            build the commands into $(BUILD)
#   make demo       show the whole thing on a recorded model stream; installs what is missing
#   make test       install what is missing, build, run everything; ends with `N passed, N failed`
#   make lint asan fuzz bench install uninstall clean

BUILD ?= build
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
FUZZ_SECONDS ?= 5

WARN = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
       -Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef $(if $(CI),-Werror)
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -Ilib -I$(BUILD)/gen $(WARN) -MMD -MP $(CFLAGS)

# --- Layers, lowest first. A layer uses itself and those above it in this list, nothing else:
# $(BUILD)/layers/* links each with exactly what it may use, so a call upward fails the build.
BASE     = why say buf arena clock number opt opt_help opt_completion url url_part url_show chan utf8 \
           slab \
           json json_text id msg ndjson hist stamp audit pace plot_run plot wheel address quota strain metrics cron
PROTOCOL = join hold merge note run intake sse_json http http_query http_answer cors route sse jwt claims \
           fetch_url fetch_head fetch_body \
           hub hub_block hub_page hub_reader hub_window sseload_answer sseload_scan \
           hub_flow \
           hub_subscription \
           dialect dialect_auto dialect_json dialect_frame dialect_facts dialect_calls dialect_openai \
           dialect_responses dialect_anthropic dialect_gemini dialect_ollama dialect_cohere
EDGES    = hash loop loop_epoll loop_poll net resp redis link launch proc peer command input exec spool spooler batch cursor \
           filter crypto fetch show local local_dir ticker hose notify listen guard runner \
           tls dial \
           doors supervisor \
           resp_quick \
           live \
           runner_start
TOP      = cli log wire append publish publish_end control source span recall feed feed_pages feed_since stream ready access \
           token exam exam_stream exam_head exam_events exam_probe exam_return doctor gate inetd
# sp-sse --listen
TOP     += subs subs_ask subs_channel subs_push subs_topic transcode journal post state conn conn_read conn_stream \
           conn_answer serve serve_opts handover workers
# sp-bench
TOP     += machine report report_end report_probe load load_member loader bench bench_pub bench_sub bench_reader bench_pipe bench_line bench_plot bench_sse \
           sseload sseload_muster sseload_target sseload_tally sseload_caller sseload_caller_audit sseload_team sseload_redis \
           sseload_post sseload_publisher sseload_worker sseload_verdict
# sp-xq
TOP     += queue queue_call queue_scripts queue_add queue_take queue_give queue_listen \
           bench_xq \
           receipt xq xq_batch xq_spool xq_add xq_take xq_give xq_look xq_ask xq_admin \
           xq_stats xq_show xq_dead xq_doctor lock held slot verdict ended work work_take work_slots work_lease work_ahead work_spool xq_work xq_lock xq_every \
           bench_worker

# --- Commands and the foreign libraries that each declares.
COMMANDS       = sp-pub sp-sub sp-sse sp-local sp-bench sp-xq
LIBS_sp-pub    = hiredis
LIBS_sp-sub    = hiredis
LIBS_sp-sse    = hiredis
LIBS_sp-local  = hiredis
LIBS_sp-bench  = hiredis
LIBS_sp-xq     = hiredis

foreign = $(if $(1),$(shell $(PKG_CONFIG) --libs $(1)))
objects = $(patsubst %,$(BUILD)/lib/%.o,$(1))
LIB     = $(BUILD)/libspout.a
BINS    = $(COMMANDS:%=$(BUILD)/%)
LAYERS  = $(BUILD)/layers/base $(BUILD)/layers/protocol $(BUILD)/layers/edges
UNITS   = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
BENCHES = $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c tests/bench/peers/*.c))

all: $(BINS) $(LAYERS)

$(BINS): $(BUILD)/%: $(BUILD)/cmd/%.o $(LIB)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(call foreign,$(LIBS_$*))

# The larger ones are more than one file.
$(BUILD)/sp-pub $(BUILD)/sp-sub $(BUILD)/sp-bench: $(BUILD)/%: $(BUILD)/cmd/%_opts.o
$(BUILD)/sp-pub: $(BUILD)/cmd/sp-pub_stop.o

$(LIB): $(call objects,$(BASE) $(PROTOCOL) $(EDGES) $(TOP))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/cmd/%.o: cmd/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# A script is embedded without its comments, since it goes over the wire, and with its SHA-1 for EVALSHA.
$(BUILD)/gen/%.lua: lib/lua/%.lua
	@mkdir -p $(@D)
	sed -e 's/^[[:space:]]*//' -e '/^--/d' -e '/^$$/d' $< > $@

$(BUILD)/gen/xq_%.lua: lib/lua/xq.lua lib/lua/xq_%.lua
	@mkdir -p $(@D)
	cat $^ | sed -e 's/^[[:space:]]*//' -e '/^--/d' -e '/^$$/d' > $@

$(BUILD)/gen/%.lua.h: $(BUILD)/gen/%.lua
	sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< > $@

$(BUILD)/gen/%.sha.h: $(BUILD)/gen/%.lua
	sha1sum < $< | sed 's/\([0-9a-f]*\).*/"\1"/' > $@

$(BUILD)/lib/resp.o: ALL_CFLAGS += $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags hiredis))

# The viewer is embedded as bytes: a string literal that long is beyond what C promises.
$(BUILD)/gen/viewer.html.h: web/viewer.html
	@mkdir -p $(@D)
	od -An -v -tu1 $< | sed -e 's/^ *//' -e 's/  */,/g' -e 's/$$/,/' > $@

# The page's own style and script by their hashes, and nothing else.
$(BUILD)/gen/viewer.csp.h: web/viewer.html web/csp
	@mkdir -p $(@D)
	web/csp $< | sed 's/.*/"&"/' > $@

$(BUILD)/lib/conn_answer.o: $(BUILD)/gen/viewer.html.h $(BUILD)/gen/viewer.csp.h

SCRIPTS = $(patsubst lib/lua/%.lua,%,$(wildcard lib/lua/*.lua))
$(BUILD)/lib/append.o $(BUILD)/lib/wire.o $(BUILD)/lib/lock.o $(BUILD)/lib/queue_add.o $(BUILD)/lib/queue_scripts.o: $(SCRIPTS:%=$(BUILD)/gen/%.lua.h) $(SCRIPTS:%=$(BUILD)/gen/%.sha.h)

# --- The linker as a judge of layers: every symbol of a layer must resolve within what it may use.
only = @mkdir -p $(@D) && echo 'int main(void) { return 0; }' > $@.c && \
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--no-undefined -o $@ $@.c $^ $(1)

$(BUILD)/layers/base: $(call objects,$(BASE))
	$(call only)
$(BUILD)/layers/protocol: $(call objects,$(BASE) $(PROTOCOL))
	$(call only)
$(BUILD)/layers/edges: $(call objects,$(BASE) $(PROTOCOL) $(EDGES))
	$(call only,$(call foreign,hiredis))

# --- Tests
$(BUILD)/unit/%: tests/unit/%.c $(LIB) tests/unit/t.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests/unit $(LDFLAGS) -o $@ $< $(LIB) $(call foreign,hiredis)

# --as-needed, so that `empty` really costs what an empty program costs.
$(BUILD)/bench/%: tests/bench/%.c tests/bench/bench.h $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags hiredis)) $(LDFLAGS) \
	    -Wl,--as-needed -o $@ $< $(LIB) $(call foreign,hiredis) -pthread

$(BUILD)/examples/%: examples/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(LIB)

$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< $(LIB) $(call foreign,hiredis)

units: $(UNITS)
benches: $(BENCHES)
fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/%)

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

asan:
	$(MAKE) BUILD=$(BUILD)/asan CFLAGS="-O1 -g $(SANITIZE)" all units

# make fuzz FUZZ_SECONDS=600 runs each target for ten minutes.
fuzz:
	$(MAKE) BUILD=$(BUILD)/clang CC=clang CFLAGS="-O1 -g -fsanitize=fuzzer-no-link $(SANITIZE)" fuzzers
	tests/run-fuzz $(BUILD)/clang/fuzz $(FUZZ_SECONDS)

lint: all
	tests/lint $(BUILD)

print-%:
	@echo "$($*)"

deps:
	@tests/deps

test:
	@tests/deps test
	@tests/run $(BUILD)

# The ledger: a million messages through twenty deaths of the server and two hundred cut connections; then the
# same with the publisher killed as well. Bounded by SOAK_SECONDS each. Then a reader of the server, whose
# connection, gateway and Redis are killed in turn. Then two hundred thousand jobs through sixty deaths each of
# workers and the server; and a minute of ten replicas of a schedule that are killed and added.
soak: all
	tests/soak $(BUILD) 1000000 20 200 20 0
	tests/soak $(BUILD) 1000000 20 200 20 10
	tests/loop $(BUILD) 100
	tests/xq-ledger $(BUILD) 200000 60 60
	tests/xq-every $(BUILD) 60
	tests/soup $(BUILD) 300

# Readers of the server that come and go: SOAK_SSE_SECONDS=3600 is the hour.
SOAK_SSE_SECONDS ?= 60
soak-sse: all
	tests/soak-sse $(BUILD) $(SOAK_SSE_SECONDS)

# The units, and part of the suites, under memcheck; ten minutes at most. Not part of `make test`.
valgrind: all units
	tests/valgrind $(BUILD)

# The whole comparison, under half an hour: BENCH_ROWS='sse/tick|tools/log' for a part, BENCH_BLOCKS=1 for a look.
bench: all benches
	@BENCH_ROWS='$(BENCH_ROWS)' BENCH_BLOCKS='$(BENCH_BLOCKS)' tests/bench/all $(BUILD)

# Once more, and whether it says the same, row by row.
bench-again: all benches
	@BENCH_ROWS='$(BENCH_ROWS)' BENCH_BLOCKS='$(BENCH_BLOCKS)' tests/bench/all $(BUILD) $(BUILD)/bench-again >/dev/null
	@tests/bench/compare $(BUILD)/bench-report $(BUILD)/bench-again

# What Spout is compared with: from Debian by apt, and from npm into a cache outside of the tree.
bench-peers:
	@tests/bench/peers/install

# A million readers on this machine: bounded to a quarter of an hour.
bench-million: all $(BUILD)/bench/holdopen
	@timeout -k 10 900 tests/bench/million $(BUILD)

# What an idle reader costs in user space, by shape.
bench-memory: all
	@timeout 900 tests/bench/memory $(BUILD)

demo:
	@tests/deps
	@echo "building into $(BUILD) ..."; $(MAKE) -s --no-print-directory all $(BUILD)/examples/play
	@examples/demo $(BUILD)

# Both are written from the option tables; they are kept in the tree so that packagers need no build.
completions: all
	for c in $(COMMANDS); do \
		$(BUILD)/$$c --completion=bash > completions/$$c.bash && \
		$(BUILD)/$$c --completion=zsh > completions/_$$c && \
		$(BUILD)/$$c --completion=fish > completions/$$c.fish || exit; \
	done

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man7
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 $(BINS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7
	for c in $(COMMANDS); do \
		install -m 644 completions/$$c.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$c && \
		install -m 644 completions/_$$c $(DESTDIR)$(PREFIX)/share/zsh/site-functions && \
		install -m 644 completions/$$c.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d || exit; \
	done

uninstall:
	cd $(DESTDIR)$(PREFIX) && for c in $(COMMANDS); do \
		rm -f bin/$$c share/man/man1/$$c.1 share/bash-completion/completions/$$c \
		    share/zsh/site-functions/_$$c share/fish/vendor_completions.d/$$c.fish; \
	done; rm -f share/man/man7/spout.7

clean:
	rm -rf $(BUILD)

.PHONY: all units benches fuzzers asan fuzz lint deps test valgrind soak soak-sse bench bench-again bench-peers \
        bench-million bench-memory demo completions install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(wildcard $(BUILD)/*/*.d)
