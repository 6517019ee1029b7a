# shellcheck shell=bash
# Sourced by soft-roce/lab: where things are, how the lab speaks, how it locks. Sets LAB_* for the other files.

LAB_CACHE=${VERBENA_CACHE:-$HOME/.cache/verbena}
LAB_DIR=$LAB_CACHE/lab
LAB_STATE=$LAB_DIR/state.properties
LAB_RUN=$LAB_DIR/run         # of the running lab: pid, ports, token, logs
LAB_BUILD=$LAB_DIR/build     # what is being built; always safe to remove
LAB_SHARE=$LAB_DIR/share     # the directory the guest sees read-write
LAB_MIRROR=${VERBENA_DEBIAN_MIRROR:-http://deb.debian.org/debian}
LAB_SECURITY_MIRROR=${VERBENA_DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
LAB_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
LAB_LOCK_SECONDS=1500        # how long one command waits for another: a whole build fits in it

say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

usage_error() {
    printf 'lab: %s\n' "$*" >&2
    exit 2
}

# Milliseconds since the epoch, without starting a process.
now_ms() {
    local t=${EPOCHREALTIME/[.,]/}
    REPLY=$((t / 1000))
}

# timed TEXT FUNCTION ARGS...: runs it and says how long it took.
timed() {
    local text=$1 start code=0
    shift
    now_ms
    start=$REPLY
    "$@" || code=$?
    now_ms
    local ms=$((REPLY - start))
    if ((code == 0)); then
        printf 'lab: %4d.%d s  %s\n' $((ms / 1000)) $((ms % 1000 / 100)) "$text" >&2
    else
        printf 'lab: %4d.%d s  %s: FAILED\n' $((ms / 1000)) $((ms % 1000 / 100)) "$text" >&2
    fi
    return "$code"
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root for: $* (run as root, or install sudo)"
    fi
}

# Fails with the end of a log. die_with_log MESSAGE FILE
die_with_log() {
    printf 'lab: %s; the whole log is %s, its end:\n' "$1" "$2" >&2
    tail -n 15 "$2" 2>/dev/null | sed 's/^/lab:   | /' >&2
    exit 1
}

# The first twelve digits of the hash of all arguments that are files (with their names) or plain words.
recipe_hash() {
    local item
    for item in "$@"; do
        if [[ -f $item ]]; then
            printf '%s\n' "${item##*/}"
            cat "$item"
        else
            printf '%s\n' "$item"
        fi
    done | sha256sum | cut -c1-12
}

# property FILE KEY: prints the value, or nothing.
property() {
    local line
    [[ -r $1 ]] || return 0
    while IFS= read -r line; do
        if [[ $line == "$2="* ]]; then
            printf '%s' "${line#*=}"
            return 0
        fi
    done <"$1"
}

# One lab command that changes things at a time. The lock is on descriptor 9, which children that stay must not inherit.
take_lock() {
    mkdir -p "$LAB_DIR"
    exec 9>"$LAB_DIR/lock"
    if ! flock -n 9; then
        say "another lab command is at work, waiting for it"
        flock -w "$LAB_LOCK_SECONDS" 9 || die "the other lab command still holds $LAB_DIR/lock after $LAB_LOCK_SECONDS s"
    fi
}

# A TCP port that is free on 127.0.0.1 now: the wished one if it is, else one the system chooses. free_port WISH
free_port() {
    perl -MIO::Socket::INET -e '
        for my $port ($ARGV[0] || 0, 0) {
            my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Proto => "tcp", Listen => 1, ReuseAddr => 1) or next;
            print $s->sockport; exit 0;
        }
        exit 1' "${1:-0}"
}

# kill_tree PID: ends a process and its descendants, the children first.
kill_tree() {
    local child
    for child in $(pgrep -P "$1"); do kill_tree "$child"; done
    kill "$1" 2>/dev/null || true
}
