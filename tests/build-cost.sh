#!/usr/bin/env bash
# What 1,000 `capture!` calls cost to build, beside the same calls written by hand: `tests/build-cost.sh [RUNS]`.
#
# Two programs are made that differ in nothing else. Each is built in turn, RUNS times (5 if not said), in both profiles;
# only the program itself is built again. The figures are medians, in milliseconds, and the bytes of the stripped binary.
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-5}
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/build-cost
# An incremental build would compile only what changed: nothing.
export CARGO_INCREMENTAL=0
functions=1000

# The arguments are the usual ones: text, numbers and an option, some known and some not.
generate() {
    local kind=$1 n
    mkdir -p "$work/$kind/src"
    cat >"$work/$kind/Cargo.toml" <<TOML
[package]
name = "cost-$kind"
version = "0.0.0"
edition = "2024"

[dependencies]
posthog = { path = "$root/posthog" }

[workspace]
TOML
    cp "$root/Cargo.lock" "$work/$kind/Cargo.lock"
    {
        case $kind in
            macro) echo 'use posthog::capture;' ;;
            hand) echo 'use posthog::{Event, capture};' ;;
        esac
        for ((n = 0; n < functions; n++)); do
            echo "pub fn f$n(user: &str, total: f64, items: u64, paid: bool) {"
            case $kind in
                macro)
                    echo "    capture!(\"order_$n\", total, items = items + $n, paid, currency = \"EUR\", distinct_id = user);"
                    ;;
                hand)
                    echo "    capture(Event::new(\"order_$n\").property(\"total\", total).property(\"items\", items + $n)"
                    echo "        .property(\"paid\", paid).property(\"currency\", \"EUR\").distinct_id(user));"
                    ;;
            esac
            echo '}'
        done
        # Pointers that the optimizer cannot see through keep every function in the program.
        echo "static ALL: [fn(&str, f64, u64, bool); $functions] = ["
        for ((n = 0; n < functions; n++)); do echo "f$n,"; done
        echo '];'
        echo 'fn main() {'
        echo '    for f in std::hint::black_box(&ALL) { f("user-7", 9.5, 2, true); }'
        echo '}'
    } >"$work/$kind/src/main.rs"
}

build() {
    cargo build -q --manifest-path "$work/$1/Cargo.toml" --profile "$2"
}

milliseconds() {
    local start end
    touch "$work/$1/src/main.rs"
    start=$(date +%s%N)
    build "$1" "$2"
    end=$(date +%s%N)
    echo $(((end - start) / 1000000))
}

median() {
    sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

size() {
    local directory=$2
    [[ $directory == dev ]] && directory=debug
    cp "$CARGO_TARGET_DIR/$directory/cost-$1" "$work/stripped"
    strip "$work/stripped"
    stat -c %s "$work/stripped"
}

for kind in macro hand; do generate "$kind"; done
printf '%-8s %10s %10s %7s %12s %12s %7s\n' profile 'macro ms' 'hand ms' ratio 'macro bytes' 'hand bytes' ratio
for profile in dev release; do
    for kind in macro hand; do build "$kind" "$profile"; done
    for ((run = 0; run < runs; run++)); do
        for kind in macro hand; do milliseconds "$kind" "$profile" >>"$work/$kind.$profile"; done
    done
    macro=$(median <"$work/macro.$profile")
    hand=$(median <"$work/hand.$profile")
    macro_bytes=$(size macro "$profile")
    hand_bytes=$(size hand "$profile")
    awk -v p="$profile" -v m="$macro" -v h="$hand" -v mb="$macro_bytes" -v hb="$hand_bytes" 'BEGIN {
        printf "%-8s %10d %10d %7.2f %12d %12d %7.2f\n", p, m, h, m / h, mb, hb, mb / hb
    }'
done
