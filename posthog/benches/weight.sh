#!/usr/bin/env bash
# What the SDK weighs for those who depend on it.
#
#   weight.sh          a table: crates, CPU seconds of a clean release build, bytes of the stripped program
#   weight.sh check    fails if there are more crates in the tree than there may be
set -euo pipefail
cd "$(dirname "$0")/../.."

# Crates in the tree of what is built for a program, the SDK's own three included.
crates() {
    cargo tree --package posthog --edges normal,build --prefix none "$@" 2>/dev/null | sed 's/ (\*)$//; s/ (proc-macro)//' | sort -u | wc -l
}

check() {
    local name=$1 most=$2
    shift 2
    local counted
    counted=$(crates "$@")
    echo "$name: $counted crates, at most $most"
    ((counted <= most))
}

if [[ ${1-} == check ]]; then
    check 'default features' 56
    check 'without backtrace' 46 --no-default-features --features tls-ring
    exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One row: a program of those dependencies and that body.
row() {
    local name=$1 dependencies=$2 body=$3 program=$work/program
    rm -rf "$program"
    mkdir -p "$program/src"
    printf '[package]\nname = "program"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n%s\n[profile.release]\nstrip = true\n' "$dependencies" >"$program/Cargo.toml"
    printf 'fn main() {\n%s\n}\n' "$body" >"$program/src/main.rs"
    # The workspace's versions, and nothing to download while the clock runs.
    cp Cargo.lock "$program/Cargo.lock"
    cargo fetch --quiet --manifest-path "$program/Cargo.toml"
    local seconds size count
    count=$(cargo tree --manifest-path "$program/Cargo.toml" --edges normal,build --prefix none | sed 's/ (\*)$//; s/ (proc-macro)//' | sort -u | wc -l)
    seconds=$({ TIMEFORMAT='%U %S'; time cargo build --quiet --release --manifest-path "$program/Cargo.toml" --target-dir "$work/target" 2>/dev/null; } 2>&1 | awk '{ printf "%.0f", $1 + $2 }')
    size=$(stat -c %s "$work/target/release/program" | awk '{ printf "%.1f", $1 / 1000000 }')
    rm -rf "$work/target"
    printf '| %s | %s | %s | %s |\n' "$name" "$((count - 1))" "$seconds" "$size"
}

posthog_path=$PWD/posthog
capture='let _posthog = posthog::init("phc_project_key"); posthog::capture!("started", total = 9.5);'
printf '| a program that depends on | crates | CPU seconds | MB |\n|---|--:|--:|--:|\n'
row 'posthog' "posthog = { path = \"$posthog_path\" }" "$capture"
row 'posthog without `backtrace`' "posthog = { path = \"$posthog_path\", default-features = false, features = [\"tls-ring\"] }" "$capture"
row 'ureq, serde_json and uuid' $'ureq = "3"\nserde_json = "1"\nuuid = "1"' \
    'let body = serde_json::json!({ "uuid": uuid::Uuid::nil().to_string() }).to_string(); let _ = ureq::post("https://us.i.posthog.com/batch/").send(&body);'
