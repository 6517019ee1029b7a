# shellcheck shell=bash
# Sourced by soft-roce/lab: the lab as a guest under QEMU.

LAB_BOOT_SECONDS=240          # until the guest, its devices and dockerd answer; about 20 s on a quiet machine
LAB_KVM_FIRST_SECONDS=12      # KVM must start the kernel within this; it takes about 1 s where it works
LAB_KVM_BOOT_SECONDS=90
LAB_NEEDS=(qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap mke2fs:e2fsprogs depmod:kmod perl:perl-base pgrep:procps
    dpkg-deb:dpkg "$LAB_KEYRING:debian-archive-keyring")

qemu_pid() {
    local pid
    pid=$(cat "$LAB_RUN/pid" 2>/dev/null) || return 1
    # A pid is only ours while that process is the QEMU that runs our disks.
    [[ -n $pid ]] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$LAB_DIR/root.img" || return 1
    REPLY=$pid
}

qemu_memory_mb() {
    local total
    total=$(awk '/^MemTotal:/ {print int($2 / 1024)}' /proc/meminfo)
    local half=$((total / 2))
    echo "${VERBENA_LAB_MEMORY_MB:-$((half < 4096 ? half : 4096))}"
}

kvm_key() { echo "$(uname -r) $(qemu-system-x86_64 --version | head -n 1) guest $(<"$LAB_DIR/kernel/version")"; }

# Sets ACCEL to kvm or tcg. KVM is tried once; whether it works here is remembered.
choose_accelerator() {
    if [[ -n ${VERBENA_LAB_ACCEL:-} ]]; then
        ACCEL=$VERBENA_LAB_ACCEL
        return
    fi
    ACCEL=tcg
    [[ -r /dev/kvm && -w /dev/kvm ]] || return 0
    case $(cat "$LAB_DIR/kvm" 2>/dev/null) in
    "works: $(kvm_key)") ACCEL=kvm ;;
    "hangs: $(kvm_key)") ;;
    *) ACCEL=try-kvm ;;
    esac
}

# The frequency of this machine's time stamp counter in kHz, where the kernel says it; else nothing.
tsc_khz() { dmesg 2>/dev/null | sed -n 's/.*tsc: Detected \([0-9]*\)\.\([0-9]\{3\}\) MHz.*/\1\2/p' | head -n 1; }

# start_qemu ACCELERATOR
start_qemu() {
    local accel=$1 cpu=max memory docker_port agent_port khz append
    local -a accelerate=(-accel tcg,thread=multi,tb-size=512)
    if [[ $accel == kvm ]]; then
        accelerate=(-accel kvm)
        cpu=host
    fi
    append="console=ttyS0 loglevel=4 panic=1 oops=panic mitigations=off nokaslr nowatchdog"
    append+=" rcupdate.rcu_expedited=1 rcupdate.rcu_cpu_stall_suppress=1"
    # An emulated counter is the machine's own. Linux trusts it with several processors only on Intel's; and it must be
    # told the frequency, for what it measures itself on a busy machine can be wrong by a factor. Without all that the
    # clock is the HPET, and reading it takes microseconds.
    if [[ $accel == tcg ]]; then
        khz=$(tsc_khz)
        if [[ -n $khz ]]; then
            cpu+=,vendor=GenuineIntel
            append+=" tsc_early_khz=$khz"
        fi
    fi
    memory=$(qemu_memory_mb)
    local cpus
    cpus=$(nproc)
    ((cpus <= 4)) || cpus=4
    mkdir -p "$LAB_RUN" "$LAB_SHARE" "$LAB_DIR/log"
    chmod 700 "$LAB_RUN"
    docker_port=$(free_port "$(cat "$LAB_DIR/docker.port" 2>/dev/null)") || die "no TCP port is free on 127.0.0.1"
    echo "$docker_port" >"$LAB_DIR/docker.port"
    agent_port=$(free_port) || die "no TCP port is free on 127.0.0.1"
    echo "$agent_port" >"$LAB_RUN/agent.port"

    # The token that the agent asks for goes into the ram disk, as a second archive behind the first.
    local extra=$LAB_RUN/extra
    rm -rf "$extra"
    mkdir -p "$extra/lab"
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$LAB_RUN/token" && echo >>"$LAB_RUN/token")
    cp "$LAB_RUN/token" "$extra/lab/token"
    (umask 077 && { cat "$LAB_DIR/initrd.img" && pack_initrd "$extra"; } >"$LAB_RUN/initrd.img")
    rm -rf "$extra"

    [[ ! -f $LAB_DIR/log/console.log ]] || mv "$LAB_DIR/log/console.log" "$LAB_DIR/log/console.previous.log"
    : >"$LAB_DIR/log/console.log"
    rm -f "$LAB_RUN/pid"
    qemu-system-x86_64 -name verbena-lab -M pc "${accelerate[@]}" -cpu "$cpu" -smp "$cpus" -m "$memory" \
        -nodefaults -no-user-config -display none -no-reboot -daemonize -pidfile "$LAB_RUN/pid" \
        -kernel "$LAB_DIR/kernel/vmlinuz" -initrd "$LAB_RUN/initrd.img" \
        -append "$append" \
        -serial "file:$LAB_DIR/log/console.log" \
        -drive "if=none,id=root,file=$LAB_DIR/root.img,format=raw,readonly=on" -device virtio-blk-pci,drive=root \
        -drive "if=none,id=docker,file=$LAB_DIR/docker.img,format=raw,cache=unsafe,discard=unmap" -device virtio-blk-pci,drive=docker \
        -fsdev "local,id=share,path=$LAB_SHARE,security_model=none,multidevs=remap" -device virtio-9p-pci,fsdev=share,mount_tag=share \
        -device virtio-rng-pci -device virtio-net-pci,netdev=net,romfile= \
        -netdev "user,id=net,hostfwd=tcp:127.0.0.1:$docker_port-10.0.2.15:2375,hostfwd=tcp:127.0.0.1:$agent_port-10.0.2.15:7000" \
        </dev/null >"$LAB_DIR/log/qemu.log" 2>&1 9>&-
}

# Ends the guest's process, gently first when "gently" is said. No process is left when it returns.
stop_qemu() {
    local pid left
    qemu_pid || return 0
    pid=$REPLY
    if [[ ${1:-} == gently ]] && guest --timeout 20 /lab/stop >/dev/null 2>&1; then
        left=100
        while kill -0 "$pid" 2>/dev/null && ((left-- > 0)); do sleep 0.1; done
    fi
    kill "$pid" 2>/dev/null || true
    left=50
    while kill -0 "$pid" 2>/dev/null && ((left-- > 0)); do sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
    left=50
    while kill -0 "$pid" 2>/dev/null && ((left-- > 0)); do sleep 0.1; done
    ! kill -0 "$pid" 2>/dev/null || die "QEMU, process $pid, does not end"
    rm -f "$LAB_RUN/pid"
}

# guest [--timeout S] [--pty] COMMAND...: runs it in the guest.
guest() {
    local -a options=()
    while [[ ${1:-} == --* ]]; do
        options+=("$1")
        if [[ $1 == --timeout ]]; then
            options+=("$2")
            shift
        fi
        shift
    done
    "$LAB_HOME/client" "${options[@]}" "$(cat "$LAB_RUN/agent.port")" "$LAB_RUN/token" "$@" 9>&-
}

# docker_get PATH: the status code of a GET on the docker API, through the port that users get; 000 when nothing answers.
docker_get() {
    local port line
    port=$(cat "$LAB_DIR/docker.port")
    # In a subshell: a connection that breaks while it is written to ends the writer by SIGPIPE.
    line=$(
        exec 2>/dev/null
        exec 3<>"/dev/tcp/127.0.0.1/$port" &&
            printf 'GET %s HTTP/1.0\r\nHost: lab\r\n\r\n' "$1" >&3 &&
            read -r -t 10 line <&3 &&
            printf '%s' "$line"
    ) 2>/dev/null || true
    if [[ $line =~ ^HTTP/1\.[01]\ ([0-9]+) ]]; then REPLY=${BASH_REMATCH[1]}; else REPLY=000; fi
}

# Follows the console until all of it works. Returns 1 with WHY set when it does not. follow_boot FIRST-SECONDS ALL-SECONDS
follow_boot() {
    local first=$1 all=$2 start line fd console=$LAB_DIR/log/console.log rdma=no docker=no kernel=no dockerd=no
    WHY=''
    now_ms
    start=$REPLY
    local elapsed=0 last=0
    exec {fd}<"$console"
    while [[ $rdma == no || $docker == no ]]; do
        while IFS= read -r line <&"$fd"; do
            line=${line%$'\r'}
            case $line in
            *'LAB: FAILED'*) WHY=${line#*LAB: FAILED} && WHY=${WHY#:} ;;
            *'LAB: '*)
                printf 'lab: %4d.%d s    %s guest time\n' $((elapsed / 1000)) $((elapsed % 1000 / 100)) "${line#*LAB: }" >&2
                case $line in
                *'kernel started'*) kernel=yes ;;
                *'rdma ready'*) rdma=yes ;;
                *'dockerd started'*) dockerd=yes ;;
                esac
                ;;
            *'Kernel panic'* | *'Oops: '* | *'BUG: '*) [[ -n $WHY ]] || WHY="the guest's kernel says:${line#*]}" ;;
            esac
        done
        if ! qemu_pid; then
            [[ -n $WHY ]] || WHY="QEMU ended by itself"
        elif [[ $dockerd == yes && $docker == no ]]; then
            docker_get /_ping
            if [[ $REPLY == 200 ]]; then
                docker=yes
                printf 'lab: %4d.%d s    dockerd answers\n' $((elapsed / 1000)) $((elapsed % 1000 / 100)) >&2
            fi
        fi
        now_ms
        elapsed=$((REPLY - start))
        if [[ -n $WHY ]]; then
            break
        elif [[ $kernel == no ]] && ((elapsed > first * 1000)); then
            WHY="its kernel did not start within $first s"
            break
        elif ((elapsed > all * 1000)); then
            WHY="not ready after $all s (devices: $rdma, docker: $docker)"
            break
        fi
        if [[ $docker == no ]] && ((elapsed - last > 30000)); then
            last=$elapsed
            say "still booting, $((elapsed / 1000)) s"
        fi
        sleep 0.1
    done
    exec {fd}<&-
    [[ -z $WHY ]]
}

# boot_once ACCELERATOR FIRST-SECONDS ALL-SECONDS
boot_once() {
    if ! start_qemu "$1"; then
        WHY="QEMU did not start: $(tail -n 1 "$LAB_DIR/log/qemu.log")"
        return 1
    fi
    follow_boot "$2" "$3" && return
    guest --timeout 5 tail -n 40 /run/lab/dockerd.log >"$LAB_DIR/log/dockerd.log" 2>/dev/null || true
    stop_qemu
    return 1
}

boot() {
    choose_accelerator
    if [[ $ACCEL == try-kvm ]]; then
        say "trying KVM (once; what comes of it is remembered in $LAB_DIR/kvm)"
        if boot_once kvm "$LAB_KVM_FIRST_SECONDS" "$LAB_KVM_BOOT_SECONDS"; then
            echo "works: $(kvm_key)" >"$LAB_DIR/kvm"
            ACCEL=kvm
            return
        fi
        say "KVM does not carry the guest here ($WHY): going on with QEMU's own emulation"
        echo "hangs: $(kvm_key)" >"$LAB_DIR/kvm"
        ACCEL=tcg
    fi
    boot_once "$ACCEL" "$LAB_BOOT_SECONDS" "$LAB_BOOT_SECONDS" && return
    say "the boot failed ($WHY), trying once more; its console is $LAB_DIR/log/console.previous.log"
    boot_once "$ACCEL" "$LAB_BOOT_SECONDS" "$LAB_BOOT_SECONDS" && return
    say "the second boot failed too: $WHY"
    [[ ! -s $LAB_DIR/log/dockerd.log ]] || say "dockerd's log: $LAB_DIR/log/dockerd.log"
    die_with_log "the guest does not come up" "$LAB_DIR/log/console.log"
}

# Brings the peer image into the guest's docker, where it stays between boots.
import_peer() {
    local -a changes=(--change 'CMD ["bash"]')
    local line
    while IFS= read -r line; do changes+=(--change "ENV $line"); done <"$LAB_PEER/environment"
    rm -f "$LAB_SHARE/.peer.tar"
    ln "$LAB_DIR/peer.tar" "$LAB_SHARE/.peer.tar" 2>/dev/null || cp "$LAB_DIR/peer.tar" "$LAB_SHARE/.peer.tar"
    mkdir -p "$LAB_DIR/log"
    guest --no-input --timeout 400 docker import "${changes[@]}" /share/.peer.tar "$(peer_tag)" >"$LAB_DIR/log/import.log" 2>&1 ||
        die_with_log "importing the peer image into the guest's docker failed" "$LAB_DIR/log/import.log"
    rm -f "$LAB_SHARE/.peer.tar"
    guest --no-input --timeout 60 docker tag "$(peer_tag)" verbena/peer:latest
}

tidy_docker() { guest --no-input --timeout 120 docker container prune -f >/dev/null 2>&1; }

qemu_is_up() {
    [[ -f $LAB_STATE ]] && qemu_pid && guest --timeout 20 true </dev/null >/dev/null 2>&1
}

qemu_up() {
    local ran_hash fresh
    if qemu_is_up; then
        ran_hash=$(cat "$LAB_RUN/recipe" 2>/dev/null || true)
        if [[ $ran_hash == "$(lab_hash)" ]]; then
            say "is up ($(property "$LAB_STATE" docker.host))"
            return
        fi
        say "is up with an older recipe: restarting it"
    fi
    rm -f "$LAB_STATE"
    stop_qemu gently
    trap 'trap - INT TERM; say "interrupted, taking down what was started"; stop_build; stop_qemu; exit 130' INT TERM
    build_all
    fresh=$BUILT
    boot
    tidy_docker || say "old containers could not be removed from the guest"
    docker_get "/images/$(peer_tag)/json"
    if [[ $REPLY != 200 ]]; then
        fresh=yes
        say "dockerd does not see the image on its disk, importing it"
        timed "peer image imported" import_peer || exit
    fi
    write_state
    if [[ $fresh == yes ]]; then
        if ! timed "self-test" run_selftest; then
            rm -f "$LAB_STATE"
            die "the self-test failed, so the lab does not count as up; the guest still runs: soft-roce/lab shell, or down"
        fi
    fi
    lab_hash >"$LAB_RUN/recipe"
    trap - INT TERM
}

write_state() {
    local new=$LAB_RUN/state.new
    {
        echo "# Written by soft-roce/lab when the lab is up, removed when it goes down."
        echo "kind=qemu"
        echo "docker.host=tcp://127.0.0.1:$(cat "$LAB_DIR/docker.port")"
        echo "image=$(peer_tag)"
        echo "pid=$(cat "$LAB_RUN/pid")"
        echo "accelerator=$ACCEL"
        echo "share.host=$LAB_SHARE"
        echo "share.guest=/share"
        guest --no-input --timeout 30 /lab/rdma-links describe v0 v1 rxe0 rxe1
    } >"$new" || die "the guest does not describe its devices"
    mv "$new" "$LAB_STATE"
}

qemu_down() {
    local was=no
    rm -f "$LAB_STATE"
    ! qemu_pid || was=yes
    stop_qemu gently
    rm -f "$LAB_RUN"/{token,initrd.img,agent.port,recipe}
    if [[ $was == yes ]]; then say "is down"; else say "was not up"; fi
}

