#!/usr/bin/env bash
# Counts the instructions that the caller's thread spends on each operation, by valgrind's callgrind.
# A count is the difference of two runs of different length, so that what happens once cancels out.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v valgrind >/dev/null; then
  echo "skipped: valgrind is not installed"
  exit 0
fi
binary=$(cargo bench --package posthog --bench instructions --no-run --message-format=json 2>/dev/null |
  sed -n 's/.*"executable":"\([^"]*instructions[^"]*\)".*/\1/p' | tail -n 1)
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
printf '| operation | instructions |\n|---|--:|\n'
while read -r case; do
  few=$(count "$case" 1000) many=$(count "$case" 5000)
  printf '| %s | %s |\n' "$case" $(((many - few) / 4000))
done <<'CASES'
empty context
context! of nothing
context with one tag
one tag
capture, nobody listening
capture, 0 properties
capture, 5 properties
capture, 5 properties and 6 tags of 3 contexts
handle of a context
CASES
