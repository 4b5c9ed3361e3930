#!/usr/bin/env bash
# What the SDK weighs for those who depend on it.
#
#   weight.sh [ROUNDS]   a table: crates, CPU seconds of a clean release build, bytes of the stripped program
#   weight.sh check      fails if there are more crates in the tree than there may be
#
# Each program is built once per round (2 if not said), by turns, and its smallest figure counts: what else the machine does
# can only add to it. A round takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Names of the crates that `cargo tree` prints, each once.
names() {
    sed 's/ (\*)$//; s/ (proc-macro)//' | sort -u
}

check() {
    local name=$1 most=$2
    shift 2
    local counted
    # The SDK's own three are among them.
    counted=$(cargo tree --package posthog --edges normal,build --prefix none "$@" 2>/dev/null | names | wc -l)
    echo "$name: $counted crates, at most $most"
    ((counted <= most))
}

if [[ ${1-} == check ]]; then
    check 'default features' 56
    check 'without backtrace' 46 --no-default-features --features tls-ring
    exit
fi

rounds=${1:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What would make the compiler do something else, or nothing.
unset RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER "${!CARGO_PROFILE_@}" "${!CARGO_BUILD_@}"

posthog_path=$PWD/posthog
capture='let _posthog = posthog::init("phc_project_key"); posthog::capture!("started", total = 9.5);'
by_hand='let body = serde_json::json!({ "uuid": uuid::Uuid::nil().to_string() }).to_string();
let _ = ureq::post("https://us.i.posthog.com/batch/").send(&body);'

# The last one is what the others are compared with.
programs=(default plain alone)
declare -A title=(
    [default]='posthog'
    [plain]="posthog without \`backtrace\`"
    [alone]='ureq with rustls, serde_json and uuid'
)
declare -A dependencies=(
    [default]="posthog = { path = \"$posthog_path\" }"
    [plain]="posthog = { path = \"$posthog_path\", default-features = false, features = [\"tls-ring\"] }"
    [alone]=$'ureq = "3"\nserde_json = "1"\nuuid = "1"'
)
declare -A body=([default]=$capture [plain]=$capture [alone]=$by_hand)
declare -A crates seconds size

in_program() {
    local program=$1
    shift
    (cd "$work/$program" && "$@")
}

# Everything is downloaded before a clock runs, and the versions are the workspace's.
for program in "${programs[@]}"; do
    mkdir -p "$work/$program/src"
    printf '[package]\nname = "program"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n%s\n[profile.release]\nstrip = true\n' \
        "${dependencies[$program]}" >"$work/$program/Cargo.toml"
    printf 'fn main() {\n%s\n}\n' "${body[$program]}" >"$work/$program/src/main.rs"
    cp Cargo.lock "$work/$program/Cargo.lock"
    in_program "$program" cargo fetch --quiet
    crates[$program]=$(($(in_program "$program" cargo tree --edges normal,build --prefix none | names | wc -l) - 1))
done

# CPU seconds, user and system, of the compiler and all that it starts, with as many jobs as cargo has by itself.
build() {
    local TIMEFORMAT='%U %S'
    { time in_program "$1" cargo build --quiet --release --offline --target-dir "$work/target" 2>"$work/log" >&2; } 2>&1 |
        awk '{ printf "%.1f", $1 + $2 }'
}

for ((round = 0; round < rounds; round++)); do
    for program in "${programs[@]}"; do
        rm -rf "$work/target"
        spent=$(build "$program") || {
            cat "$work/log" >&2
            exit 1
        }
        least=${seconds[$program]-$spent}
        seconds[$program]=$(printf '%s\n' "$spent" "$least" | sort -n | head -n 1)
        size[$program]=$(stat -c %s "$work/target/release/program")
    done
done

printf '| a program that depends on | crates | CPU seconds | of the last | MB |\n|---|--:|--:|--:|--:|\n'
for program in "${programs[@]}"; do
    printf '| %s | %s | %.0f | %s × | %s |\n' "${title[$program]}" "${crates[$program]}" "${seconds[$program]}" \
        "$(awk -v own="${seconds[$program]}" -v last="${seconds[alone]}" 'BEGIN { printf "%.2f", own / last }')" \
        "$(awk -v bytes="${size[$program]}" 'BEGIN { printf "%.2f", bytes / 1000000 }')"
done
