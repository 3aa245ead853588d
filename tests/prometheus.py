# SPDX-License-Identifier: MIT
# prometheus: standard input must be Prometheus' text format 0.0.4: each name typed once, its samples together,
# no sample twice.
import re
import sys

typed, seen, last = {}, set(), None
for line in sys.stdin.read().splitlines():
    if m := re.fullmatch(r"# (HELP|TYPE) ([a-z_:][a-z0-9_:]*) (.+)", line):
        if m[1] == "TYPE":
            assert m[2] not in typed and m[3] in ("counter", "gauge"), line
            typed[m[2]] = m[3]
        continue
    label = r'[a-z_]+="[^"\\\\]*"'
    m = re.fullmatch(rf"([a-z_:][a-z0-9_:]*)(\{{{label}(?:,{label})*\}})? (-?[0-9.]+)", line)
    assert m, line
    assert m[1] in typed and (m[1], m[2]) not in seen, line
    assert last == m[1] or all(name != m[1] for name, _ in seen), "not together: " + line
    assert (typed[m[1]] == "counter") == m[1].endswith("_total"), line
    seen.add((m[1], m[2]))
    last = m[1]
assert len(seen) > 30
