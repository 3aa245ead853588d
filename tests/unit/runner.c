/* SPDX-License-Identifier: MIT */
#include "runner.h"
#include "t.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"

/* What came of a run. */
struct seen {
	struct loop *loop;
	struct runner runner;
	struct runner_end end;
	char output[200], notes[400], answers[400], tail[200];
	size_t output_len;
	int ends;
	struct timer limit, act;
	void (*on_act)(struct seen *s);
};

static void on_answer(void *arg, size_t i, const char *line, size_t len, bool truncated)
{
	struct seen *s = arg;
	size_t at = strlen(s->answers);

	(void)snprintf(s->answers + at, sizeof s->answers - at, "%zu:%.*s%s;", i, (int)len, line,
	    truncated ? "…" : "");
}

static void on_note(void *arg, const char *line, size_t len)
{
	struct seen *s = arg;
	size_t at = strlen(s->notes);

	(void)snprintf(s->notes + at, sizeof s->notes - at, "%.*s;", (int)len, line);
}

static void on_end(void *arg, const struct runner_end *end)
{
	struct seen *s = arg;

	s->end = *end;
	s->output_len = end->output_len;
	(void)snprintf(s->output, sizeof s->output, "%.*s",
	    (int)(end->output_len < 150 ? end->output_len : 150), end->output);
	(void)snprintf(s->tail, sizeof s->tail, "%.*s",
	    (int)(end->tail_len < 150 ? end->tail_len : 150), end->tail);
	s->ends++;
	loop_stop(s->loop);
}

static void on_limit(void *arg)
{
	struct seen *s = arg;

	printf("# nothing came within ten seconds\n");
	loop_stop(s->loop);
}

static void on_act(void *arg)
{
	struct seen *s = arg;

	s->on_act(s);
}

static void on_signal(void *arg, int signo)
{
	struct seen *s = arg;

	(void)signo;
	runner_on_child(&s->runner);
}

static void wait_for_end(struct seen *s)
{
	struct why w;

	loop_timer(s->loop, &s->limit, clock_ms() + 10000);
	(void)loop_run(s->loop, &w); /* what is seen tells */
	loop_cancel(s->loop, &s->limit);
}

static const char *const plain_env[] = {"SP_JOB_ID=7", NULL};

static struct runner_job job(const char *text)
{
	return (struct runner_job){
	    .text = text, .len = strlen(text), .answers = 1, .label = "7", .env = plain_env};
}

static struct loop *the_loop;
static struct seen seen;

static struct seen *begin(const struct runner_conf *conf)
{
	static const struct runner_ops ops = {on_answer, on_note, on_end};

	seen = (struct seen){.loop = the_loop};
	seen.limit = (struct timer){.on_due = on_limit, .arg = &seen};
	seen.act = (struct timer){.on_due = on_act, .arg = &seen};
	runner_init(&seen.runner, the_loop, conf, &ops, &seen);
	return &seen;
}

static struct runner_conf shell(const char *script, char **argv)
{
	argv[0] = (char *)(uintptr_t) "sh";
	argv[1] = (char *)(uintptr_t) "-c";
	argv[2] = (char *)(uintptr_t)script;
	argv[3] = NULL;
	return (struct runner_conf){.argv = argv, .output_max = 1000, .grace_ms = 200};
}

static struct seen *run(const char *script, struct runner_job j)
{
	static char *argv[4];
	static struct runner_conf conf;
	struct why w = {0};

	conf = shell(script, argv);
	struct seen *s = begin(&conf);
	if (runner_start(&s->runner, &j, &w) == 0)
		wait_for_end(s);
	else
		printf("# %s\n", w.text);
	runner_fini(&s->runner);
	return s;
}

static void jobs_end(void)
{
	struct seen *s = run("cat; echo $SP_JOB_ID", job("{\"a\":1}"));
	ok(s->ends == 1 && s->end.wait_status == 0 &&
		t_eq(s->output, strlen(s->output), "{\"a\":1}\n7\n"),
	    "a job goes to standard input as a line, with its environment");
	s = run("echo oops >&2; exit 3", job("x"));
	ok(WEXITSTATUS(s->end.wait_status) == 3 && t_eq(s->tail, strlen(s->tail), "oops\n"),
	    "a status and the end of stderr are told");
	s = run("kill -9 $$", job("x"));
	ok(WIFSIGNALED(s->end.wait_status) && WTERMSIG(s->end.wait_status) == 9, "so is a signal");
	s = run("exec <&- >&- 2>&- 3>&-; sleep 0.1; exit 4", job("x"));
	ok(s->ends == 1 && WEXITSTATUS(s->end.wait_status) == 4,
	    "a command that closes all it was given is waited for all the same");
	s = run("yes | head -c 3000000", job("x"));
	ok(s->end.truncated && s->output_len == 1000 && s->end.wait_status == 0,
	    "output is kept up to the cap, and read to its end");
	struct runner_job big = job("");
	char *text = malloc(1 << 20);
	memset(text, 'x', 1 << 20);
	big.text = text;
	big.len = 1 << 20;
	s = run("wc -c", big);
	ok(atoi(s->output) == (1 << 20) + 1, "a job of 1 MiB arrives whole");
	s = run("exit 0", big);
	ok(s->ends == 1 && s->end.wait_status == 0, "a job that nobody reads hurts nobody");
	free(text);
}

static void nothing_outlives_its_job(void)
{
	char path[] = "/tmp/spout-runner.XXXXXX", script[200];
	int fd = mkstemp(path);

	(void)snprintf(script, sizeof script, "(sleep 0.4; echo late > %s) & exit 0", path);
	struct seen *s = run(script, job("x"));
	ok(s->ends == 1, "a grandchild that holds the pipes does not hold the slot");
	struct timespec ts = {.tv_nsec = 700000000};
	(void)nanosleep(&ts, NULL); /* longer than it would have taken */
	ok(lseek(fd, 0, SEEK_END) == 0, "and it was killed");
	(void)close(fd);
	(void)unlink(path);
}

static void notes_are_lines(void)
{
	struct seen *s = run("printf 'progress 40\\nresult {\"a\":' >&3; sleep 0.05; "
			     "printf '2}\\n\\n\\001\\377garbage\\nlast' >&3",
	    job("x"));
	ok(t_eq(s->notes, strlen(s->notes), "progress 40;result {\"a\":2};\001\377garbage;last;"),
	    "notes come a line each, however they are cut");
	s = run("head -c 3000000 /dev/zero >&3; echo >&3; echo short >&3", job("x"));
	ok(t_eq(s->notes, strlen(s->notes), "short;"), "a note without end is dropped, alone");
}

static void limits_hold(void)
{
	struct runner_job j = job("x");

	j.soft_ms = 100;
	struct seen *s = run("trap 'echo bye; exit 5' TERM; while :; do sleep 0.02; done", j);
	ok(s->end.cause == RUNNER_SOFT && WEXITSTATUS(s->end.wait_status) == 5,
	    "the soft limit asks");
	j.hard_ms = 300;
	s = run("trap '' TERM; while :; do sleep 0.02; done", j);
	ok(s->end.cause == RUNNER_HARD && WTERMSIG(s->end.wait_status) == SIGKILL,
	    "the hard limit kills what ignores that");
}

static void stop_it(struct seen *s)
{
	runner_stop(&s->runner);
}

static void stops(void)
{
	static char *argv[4];
	struct runner_conf conf = shell("trap '' TERM; sleep 5 & wait; sleep 5", argv);
	struct runner_job j = job("x");
	struct seen *s = begin(&conf);
	struct why w;
	int64_t before = clock_ms();

	(void)runner_start(&s->runner, &j, &w);
	s->on_act = stop_it;
	loop_timer(s->loop, &s->act, clock_ms() + 50);
	wait_for_end(s);
	ok(s->end.cause == RUNNER_STOPPED && WIFSIGNALED(s->end.wait_status) &&
		clock_ms() - before >= 200,
	    "a command that is stopped has its grace, then it is killed");
	runner_fini(&s->runner);
}

static void kept_commands_answer(void)
{
	static char *argv[4];
	struct runner_conf conf = shell("echo $$ >&2; while read -r l; do echo \"<$l>\"; "
					"[ \"$l\" != die ] || exit 9; done",
	    argv);
	struct runner_job j = job("one");
	struct why w;

	conf.keep = true;
	struct seen *s = begin(&conf);
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	pid_t pid = s->runner.pid;
	ok(s->ends == 1 && pid > 0 && t_eq(s->answers, strlen(s->answers), "0:<one>;"),
	    "a kept command answers a line");
	j = job("two\nthree");
	j.answers = 2;
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	ok(s->ends == 2 && s->runner.pid == pid &&
		t_eq(s->answers, strlen(s->answers), "0:<one>;0:<two>;1:<three>;"),
	    "the same process answers the next job's lines");
	s->answers[0] = '\0';
	j = job("die\nnever");
	j.answers = 2;
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	ok(s->ends == 3 && WEXITSTATUS(s->end.wait_status) == 9 &&
		t_eq(s->answers, strlen(s->answers), "0:<die>;"),
	    "one that dies in between has answered what it has answered");
	j = job("again");
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	ok(s->ends == 4 && s->runner.pid != pid && s->end.wait_status == 0,
	    "and is started again for the next");
	runner_fini(&s->runner);
}

static void kept_commands_leave(void)
{
	static char *argv[4];
	struct runner_conf conf = shell("read -r l; echo \"<$l>\"; sleep 0.1; exit 7", argv);
	struct runner_job j = job("one");
	struct why w;

	conf.keep = true;
	struct seen *s = begin(&conf);
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	ok(s->ends == 2 && s->end.unread && WEXITSTATUS(s->end.wait_status) == 7,
	    "a kept command that leaves has not read the job that it got meanwhile");
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	ok(s->ends == 3 && !s->end.unread && s->end.wait_status == 0, "a new one answers it");
	runner_fini(&s->runner);
	conf = shell("read -r l; echo \"<$l>\"; read -r l; exit 7", argv);
	conf.keep = true;
	s = begin(&conf);
	for (int i = 0; i < 2; i++) {
		(void)runner_start(&s->runner, &j, &w);
		wait_for_end(s);
	}
	ok(s->ends == 2 && !s->end.unread, "one that read it has");
	runner_fini(&s->runner);
	conf = shell("exit 7", argv);
	conf.keep = true;
	s = begin(&conf);
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	ok(s->ends == 1 && !s->end.unread, "and the first job of a command has failed with it");
	runner_fini(&s->runner);
}

static void kept_commands_retire(void)
{
	static char *argv[4];
	struct runner_conf conf =
	    shell("trap : TERM; while read -r l; do sleep 5; echo \"<$l>\"; done; exit 7", argv);
	struct runner_job j = job("one");
	struct why w;

	conf.keep = true;
	j.soft_ms = 100;
	struct seen *s = begin(&conf);
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	ok(s->ends == 1 && t_eq(s->answers, strlen(s->answers), "0:<one>;") &&
		s->end.cause == RUNNER_SOFT && WEXITSTATUS(s->end.wait_status) == 7 &&
		s->runner.pid == 0,
	    "a kept command that answers behind its TERM gets end of file, and no next job");
	runner_fini(&s->runner);
	conf = shell("trap : TERM; while :; do read -r l; sleep 5; echo \"<$l>\"; done", argv);
	conf.keep = true;
	s = begin(&conf);
	(void)runner_start(&s->runner, &j, &w);
	wait_for_end(s);
	ok(s->ends == 1 && s->runner.pid == 0 && WTERMSIG(s->end.wait_status) == SIGKILL,
	    "and is killed behind the grace");
	runner_fini(&s->runner);
}

static void mistakes(void)
{
	char *argv[] = {(char *)(uintptr_t) "/nonexistent/command", NULL};
	struct runner_conf conf = {.argv = argv, .output_max = 10};
	struct runner_job j = job("x");
	struct why w = {0};
	struct seen *s = begin(&conf);

	ok(runner_start(&s->runner, &j, &w) == -1 && w.status == 127 && !runner_is_busy(&s->runner),
	    "a command that does not exist is told: %s", w.text);
	runner_fini(&s->runner);
}

/* A guarded process in a process of its own, killed -9 with a job that would run for long. */
static void guard_outlives_us(void)
{
	int out[2];
	pid_t group = 0, pid;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe(out) < 0)
		exit(70);
	pid = fork();
	if (pid == 0) {
		struct guard *g;
		struct why w;
		pid_t child;

		if (guard_open(&g, 4, NULL, NULL, &w) < 0)
			_exit(70);
		child = fork();
		if (child == 0) {
			(void)setpgid(0, 0);
			(void)execlp(
			    "sh", "sh", "-c", "trap '' TERM; sleep 30; sleep 30", (char *)NULL);
			_exit(127);
		}
		(void)setpgid(child, child); /* both do: whoever is first */
		guard_set(g, 2, child);
		if (write(out[1], &child, sizeof child) < 0)
			_exit(74);
		(void)kill(getpid(), SIGKILL);
	}
	(void)close(out[1]);
	ok(read(out[0], &group, sizeof group) == sizeof group && group > 1, "a guarded job runs");
	(void)waitpid(pid, NULL, 0);
	/* It is our child now. */
	int status = 0, gone = 0;
	for (int i = 0; i < 500 && !gone; i++) {
		struct timespec ts = {.tv_nsec = 10000000};

		(void)nanosleep(&ts, NULL);
		gone = waitpid(group, &status, WNOHANG) == group;
	}
	ok(gone && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	    "it is killed when its worker is killed -9");
	(void)close(out[0]);
}

int main(void)
{
	static const int signos[] = {SIGCHLD, 0};
	struct signals signals;
	struct why w;

	(void)signal(SIGPIPE, SIG_IGN);
	/* What the jobs say on stderr is theirs. */
	if (freopen("/dev/null", "w", stderr) == NULL)
		return 70;
	guard_outlives_us();
	if (loop_open(&the_loop, &w) < 0 ||
	    signals_open(&signals, the_loop, signos, on_signal, &seen, &w) < 0)
		return 70;
	jobs_end();
	nothing_outlives_its_job();
	notes_are_lines();
	limits_hold();
	stops();
	kept_commands_answer();
	kept_commands_leave();
	kept_commands_retire();
	mistakes();
	signals_close(&signals);
	loop_close(the_loop);
	return t_done();
}
