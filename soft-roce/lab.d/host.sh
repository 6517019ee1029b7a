# shellcheck shell=bash
# Sourced by soft-roce/lab: the lab on the machine itself, where its kernel has rdma_rxe and docker runs.

HOST_NET=(vrb0 vrb1)
HOST_RXE=(vrb_rxe0 vrb_rxe1)

host_docker_host() { echo "${DOCKER_HOST:-unix:///var/run/docker.sock}"; }

# Sets WHY and returns 1 when the machine itself cannot be the lab.
host_is_possible() {
    WHY=''
    if [[ -n ${DOCKER_HOST:-} && $DOCKER_HOST != unix://* ]]; then
        WHY="DOCKER_HOST names another machine's docker"
    elif ! modinfo rdma_rxe >/dev/null 2>&1 && [[ ! -d /sys/module/rdma_rxe ]]; then
        WHY="the kernel $(uname -r) has no rdma_rxe module"
    elif ! command -v docker >/dev/null; then
        WHY="there is no docker command"
    elif ! timeout 20 docker info >/dev/null 2>&1; then
        WHY="docker does not answer (docker info)"
    elif ((EUID != 0)) && ! command -v sudo >/dev/null; then
        WHY="making rxe devices needs root or sudo"
    fi
    [[ -z $WHY ]]
}

host_links() { as_root "$LAB_HOME/rdma-links" "$1" "${HOST_NET[@]}" "${HOST_RXE[@]}"; }

host_image() {
    docker image inspect "$(peer_tag)" >/dev/null 2>&1 && return
    mkdir -p "$LAB_DIR/log"
    if timeout 600 docker build -t "$(peer_tag)" "$LAB_PEER" >"$LAB_DIR/log/image.log" 2>&1; then
        return
    fi
    say "docker build did not work (no registry?), making the image from Debian's packages"
    stamp_is "$LAB_DIR/peer.stamp" "$(peer_hash)" && [[ -f $LAB_DIR/peer.tar ]] || logged peer build_peer
    local -a changes=(--change 'CMD ["bash"]')
    local line
    while IFS= read -r line; do changes+=(--change "ENV $line"); done <"$LAB_PEER/environment"
    docker import "${changes[@]}" "$LAB_DIR/peer.tar" "$(peer_tag)" >>"$LAB_DIR/log/image.log" 2>&1 ||
        die_with_log "docker import of the peer image failed" "$LAB_DIR/log/image.log"
}

host_up() {
    local new=$LAB_RUN/state.new fresh=no
    mkdir -p "$LAB_RUN" "$LAB_SHARE"
    if [[ -f $LAB_STATE && $(property "$LAB_STATE" image) == "$(peer_tag)" && -e /sys/class/infiniband/${HOST_RXE[1]} ]] &&
        docker image inspect "$(peer_tag)" >/dev/null 2>&1; then
        say "is up on this machine itself"
        return
    fi
    [[ -e /sys/class/infiniband/${HOST_RXE[1]} ]] || fresh=yes
    timed "rxe devices on this machine" host_links up || die "making the rxe devices failed"
    timed "peer image" host_image || exit
    docker tag "$(peer_tag)" verbena/peer:latest
    {
        echo "# Written by soft-roce/lab when the lab is up, removed when it goes down."
        echo "kind=host"
        echo "docker.host=$(host_docker_host)"
        echo "image=$(peer_tag)"
        echo "share.host=$LAB_SHARE"
        echo "share.guest=$LAB_SHARE"
        host_links describe
    } >"$new" || die "the rxe devices cannot be described"
    mv "$new" "$LAB_STATE"
    if [[ $fresh == yes ]] && ! timed "self-test" run_selftest; then
        rm -f "$LAB_STATE"
        die "the self-test failed, so the lab does not count as up"
    fi
}

host_down() {
    rm -f "$LAB_STATE"
    if [[ ! -e /sys/class/net/${HOST_NET[0]} && ! -e /sys/class/infiniband/${HOST_RXE[0]} ]]; then
        say "was not up"
        return
    fi
    host_links down
    say "is down: the rxe devices and their veth pair are removed"
}
