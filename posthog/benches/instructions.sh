#!/usr/bin/env bash
# Counts the instructions that a caller spends on each operation, by valgrind's callgrind.
#
#   instructions.sh           a table of all operations
#   instructions.sh growth    tables of how a capture grows with tags and depth
#   instructions.sh check     fails if one of the hottest operations takes over 5 % more than ceilings.txt says
#
# A count is the difference of two runs of different length, so that what happens once cancels out.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed, so instructions cannot be counted"
    exit 0
fi
binary=$(cargo bench --package posthog --bench instructions --no-run --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*instructions[^"]*\)".*/\1/p' | tail -n 1)
[[ -x $binary ]] || { echo "the benchmark does not build" >&2; exit 1; }

total() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$@" 2>&1 | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
# Of so many operations, beyond as many once.
operations=1000
count() {
    local few many
    few=$(total "$@" "$operations") many=$(total "$@" $((3 * operations)))
    echo $(((many - few) / (2 * operations)))
}

case ${1-} in
'')
    printf '| operation | instructions |\n|---|--:|\n'
    "$binary" list | while read -r case; do
        printf '| %s | %s |\n' "$case" "$(count "$case")"
    done
    ;;
growth)
    # With large events, more of them would fill a batch, and the worker would be counted too.
    operations=30
    for growth in tags depth tagged-depth; do
        printf '\n| %s | instructions |\n|--:|--:|\n' "$growth"
        for size in 0 1 10 100 1000; do
            printf '| %s | %s |\n' "$size" "$(count "$growth" "$size")"
        done
    done
    ;;
check)
    failed=0
    while IFS='|' read -r case ceiling; do
        counted=$(count "$case")
        most=$(((ceiling * 105 + 99) / 100))
        echo "$case: $counted, at most $most"
        ((counted <= most)) || { echo "too many instructions: $case" >&2; failed=1; }
    done < <(grep -v '^#' posthog/benches/ceilings.txt)
    exit "$failed"
    ;;
*)
    sed -n '2,6p' "$0" >&2
    exit 2
    ;;
esac
