# SPDX-License-Identifier: MIT
# row.awk: a row of the report, from the figures of all blocks: what | ours | others | ratio (spread) | goal | met
#
#	awk -v row=… -v column=N -v unit=… -v what=… -v ours=SUBJECT -v peers='SUBJECT …' -v against=… -v goal=… \
#		-v tsv=FILE -f row.awk FIGURES
#
# FIGURES: see ground.bash. unit: `us`, `bytes`, `/s`, or `` for a number. against: a peer; several with commas, or
# `best`: whichever of them, or of all, has the best median. goal: `>= 1.5` or `<= 1.5` of the ratio to that one;
# `<= =1000` of our own figure. A ratio is of two figures of the same block; in brackets are its least and its
# greatest, or those of our figure when there is nothing to compare with. tsv gets the row as bare
# numbers: which it is, what, how many figures, median, least, greatest, met or not.

function sig(x) {
	return sprintf(x >= 99.95 || x == int(x) ? "%.0f" : x >= 9.995 ? "%.1f" : "%.2f", x)
}

function show(x) {
	if (unit == "/s") return x >= 1e6 ? sig(x / 1e6) " M/s" : x >= 1e3 ? sig(x / 1e3) " k/s" : sig(x) "/s"
	if (unit == "us") return x >= 1e6 ? sig(x / 1e6) " s" : x >= 1e3 ? sig(x / 1e3) " ms" : x >= 1 ? sig(x) " µs" : sig(x * 1e3) " ns"
	if (unit == "bytes") return x >= 1e6 ? sig(x / 1e6) " MB" : x >= 1e4 ? sig(x / 1e3) " KB" : sprintf("%.0f bytes", x)
	return sig(x)
}

# sp-sse@2: two processes of it.
function label(s) {
	sub(/@/, " ×", s)
	return s
}

# The median of v[1..n], which is sorted by it.
function median(v, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
			t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
		}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

function of_subject(s,    b, n, v) {
	for (b = 1; b <= blocks; b++)
		if ((s, b) in value) v[++n] = value[s, b]
	return n ? median(v, n) : "-"
}

function cell(s,    m, note) {
	m = of_subject(s)
	if (s in flaw) note = " (" flaw[s] (flaws[s] < ran[s] ? " in " flaws[s] " of " ran[s] : "") ")"
	return (m == "-" ? "-" : show(m)) note
}

# Of the peers that may be compared with.
function best_peer(    i, n, c, candidates, m, found) {
	n = split(against == "best" ? peers : against, candidates, /[ ,]/)
	for (i = 1; i <= n; i++) {
		m = of_subject(candidates[i])
		if (m != "-" && (found == "" || (goal ~ /^</ ? m < of_subject(found) : m > of_subject(found))))
			found = candidates[i]
	}
	return found
}

$2 == row {
	ran[$3]++
	if ($1 > blocks) blocks = $1
	if ($NF ~ /^!/) {
		flaws[$3]++
		flaw[$3] = substr($NF, 2)
		gsub("_", " ", flaw[$3])
	}
	if ($(3 + column) ~ /^[-+]?[0-9.]+(e[-+]?[0-9]+)?$/) value[$3, $1] = $(3 + column)
}

END {
	n = split(peers, peer, " ")
	for (i = 1; i <= n; i++)
		if (peer[i] in ran) others = others (others == "" ? "" : "<br>") label(peer[i]) " " cell(peer[i])
	split(goal, g, " ")
	own = sub(/^=/, "", g[2])
	g[2] += 0 # what sub has touched is a string, and would be compared as one
	to = against == "" ? "" : best_peer()
	mine = of_subject(ours)
	n = 0
	for (b = 1; b <= blocks; b++) {
		if (!((ours, b) in value)) continue
		if (to != "" && (to, b) in value && value[to, b] != 0) ratio[++n] = value[ours, b] / value[to, b]
		else if (against == "" || (to == "" && own)) ratio[++n] = value[ours, b]
	}
	x = n ? median(ratio, n) : "-"
	sign = g[1] == "<=" ? "≤ " : "≥ "
	sound = !(ours in flaw) || flaw[ours] == "load late" # that is the load's, and does not decide
	if (goal != "") {
		subject = own ? mine : x
		if (mine == "-") verdict = "**no figure**"
		else if (subject == "-") verdict = "no peer"
		else verdict = (g[1] == "<=" ? subject <= g[2] : subject >= g[2]) && sound ? "met" : "**missed**"
	}
	if (n == 0) spread = "-"
	else if (to != "") spread = sprintf("%.2f of %s (%.2f–%.2f)", x, label(to), ratio[1], ratio[n])
	else spread = n > 1 ? "(" show(ratio[1]) " – " show(ratio[n]) ")" : "-"
	printf "| %s | %s | %s | %s | %s | %s |\n", what, cell(ours), others == "" ? "-" : others, spread,
	    goal == "" ? "" : sign (own || against == "" ? show(g[2]) : g[2]), verdict
	if (n > 0)
		printf "%s:%s:%s:%s:%s\t%s\t%d\t%.6g\t%.6g\t%.6g\t%s\n", row, column, ours, against, goal, what, n, x, \
		    ratio[1], ratio[n], verdict >>tsv
}
