# SPDX-License-Identifier: MIT
# row.awk: a row of the report, from the figures of each block: what | ours | peers | ratio (spread) | goal | met
#
#	awk -v what=… -v unit=… -v names='ours peer …' -v against=PEER -v goal='>= 1.5' -f row.awk
#
# A line of the input is a block: a figure of each of names, `-` where there is none, with a flaw behind it as
# 12.5:3_lost. unit: M/s k/s ms (of us) us ns s MB bytes 'ms CPU'. against: a peer, `best` for the one that is
# best by its median, or nothing: the goal is of our own figure. A ratio is of two figures of the same block.

function show(x, digits) {
	if (unit == "M/s") return sprintf(x < 1e5 ? "%.4f M/s" : "%.2f M/s", x / 1e6)
	if (unit == "k/s") return sprintf("%.1f k/s", x / 1e3)
	if (unit == "ms") return sprintf("%.2f ms", x / 1e3)
	if (unit == "s") return sprintf("%.2f s", x)
	return sprintf(x < 100 ? "%.1f %s" : "%.0f %s", x, unit)
}

# The median of v[1..n], which is sorted by it.
function median(v, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
			t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
		}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

function of_column(c,    i, n, v) {
	delete v
	for (i = 1; i <= NR; i++)
		if (value[i, c] != "-") v[++n] = value[i, c]
	if (n == 0) return "-"
	return median(v, n)
}

function cell(c,    m) {
	m = of_column(c)
	return (m == "-" ? "-" : show(m)) (flaw[c] == "" ? "" : " (" flaw[c] ")")
}

function better(a, b) { return goal ~ /^</ ? a < b : a > b }

BEGIN { n_names = split(names, name, " ") }

{
	for (c = 1; c <= n_names; c++) {
		value[NR, c] = $c
		if (split($c, part, ":") > 1) {
			value[NR, c] = part[1]
			flaw[c] = part[2]
			gsub("_", " ", flaw[c])
		}
	}
}

END {
	for (c = 2; c <= n_names; c++) {
		peers = peers (c > 2 ? "<br>" : "") name[c] " " cell(c)
		if (name[c] == against) to = c
		m = of_column(c)
		if (against == "best" && m != "-" && (!to || better(m, of_column(to)))) to = c
	}
	for (i = 1; i <= NR; i++) {
		if (value[i, 1] == "-" || (to && (value[i, to] == "-" || value[i, to] == 0))) continue
		if (to) ratio[++n] = value[i, 1] / value[i, to]
		else if (against == "") ratio[++n] = value[i, 1]
	}
	if (n > 0) {
		x = median(ratio, n)
		spread = to ? sprintf("%.2f of %s (%.2f–%.2f)", x, name[to], ratio[1], ratio[n]) \
			: sprintf("(%s–%s)", show(ratio[1]), show(ratio[n]))
	} else {
		spread = "-"
	}
	if (goal != "") {
		split(goal, g, " ")
		aim = g[3] == "" ? g[2] : g[2] * g[3] # of our own figure, in the figures' unit
		verdict = n == 0 ? "no peer" : (g[1] == "<=" ? x <= aim : x >= aim) && flaw[1] ~ /^(load late)?$/ ? "met" : "**below**"
	}
	printf "| %s | %s | %s | %s | %s | %s |\n", what, cell(1), peers == "" ? "-" : peers, spread,
	    goal == "" ? "" : g[1] " " (to || against != "" ? g[2] : show(aim)), verdict
}
