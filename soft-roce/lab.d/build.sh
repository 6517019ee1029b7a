# shellcheck shell=bash
# Sourced by soft-roce/lab: makes what the lab boots, from Debian's packages only. Each artifact has a stamp with the hash
# of its recipe and is made again when that changes.

LAB_KERNEL_SUITE=bookworm     # 6.1: the kernel under which rxe and the emulated guest were the most reliable
LAB_ROOT_SUITE=trixie         # has dockerd, perftest and a JRE 25
LAB_ROOT_BYTES=2G
LAB_DOCKER_BYTES=24G          # sparse
JOBS=()                       # bootstraps at work

# Modules that a virtual machine can have a use for; the rest of a Debian kernel drives hardware it has not.
LAB_MODULE_PATTERNS=(arch crypto lib net fs drivers/infiniband drivers/virtio drivers/block drivers/char drivers/firmware
    'drivers/net/*.ko' drivers/net/ipvlan drivers/net/vxlan drivers/net/bonding)
LAB_EARLY_MODULES=(virtio_pci virtio_blk ext4 overlay)

stamp_is() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# The machine's own apt settings about fetching (proxies, dates), so that a build fetches as apt here does.
apt_fetch_options() { apt-config dump 2>/dev/null | grep -E '^Acquire::(http|https|ftp|Check|Retries|Force)' || true; }

kernel_hash() { recipe_hash kernel 1 "$LAB_KERNEL_SUITE" "${LAB_MODULE_PATTERNS[@]}"; }
root_hash() { recipe_hash root 1 "$(kernel_hash)" "$LAB_ROOT_SUITE" "$LAB_ROOT_BYTES" "$LAB_HOME/guest/packages"; }
initrd_hash() {
    recipe_hash initrd 1 "$(kernel_hash)" "${LAB_EARLY_MODULES[@]}" \
        "$LAB_HOME"/guest/{initramfs,init,agent,stop} "$LAB_HOME"/{rdma-links,netem,selftest}
}
peer_tag() { echo "verbena/peer:$(peer_hash)"; }
peer_hash() { recipe_hash peer 1 "$LAB_ROOT_SUITE" "$LAB_PEER/packages" "$LAB_PEER/environment"; }
docker_hash() { recipe_hash docker 1 "$(peer_hash)" "$LAB_DOCKER_BYTES"; }
lab_hash() { recipe_hash "$(root_hash)" "$(initrd_hash)" "$(peer_hash)"; }

# An apt that knows only the kernel's suite and keeps everything under $1.
kernel_apt() {
    local dir=$1
    shift
    apt-get -q -o Dir::State="$dir/state" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
        -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}

fetch_kernel() {
    local dir=$LAB_BUILD/kernel package
    rm -rf "$dir"
    mkdir -p "$dir"/{state/lists/partial,cache/archives/partial,debs,tree}
    : >"$dir/status"
    printf 'deb [arch=amd64 signed-by=%s] %s %s main\n' \
        "$LAB_KEYRING" "$LAB_MIRROR" "$LAB_KERNEL_SUITE" \
        "$LAB_KEYRING" "$LAB_SECURITY_MIRROR" "$LAB_KERNEL_SUITE-security" >"$dir/sources.list"
    kernel_apt "$dir" update || return
    package=$(kernel_apt "$dir" install -s --no-install-recommends linux-image-amd64 |
        sed -n 's/^Inst \(linux-image-[0-9][^ ]*-amd64\) .*/\1/p' | head -n 1)
    [[ -n $package ]] || return
    (cd "$dir/debs" && kernel_apt "$dir" download "$package" busybox-static) || return
    printf '%s\n' "$package" >"$dir/package"
}

unpack_kernel() {
    local dir=$LAB_BUILD/kernel version from pattern
    dpkg-deb --fsys-tarfile "$dir"/debs/linux-image-*.deb | tar -x -C "$dir/tree" --no-same-owner || return
    dpkg-deb --fsys-tarfile "$dir"/debs/busybox-static_*.deb | tar -x -C "$dir/tree" --no-same-owner || return
    version=$(cd "$dir/tree/boot" && echo vmlinuz-*)
    version=${version#vmlinuz-}
    from=$dir/tree/lib/modules/$version
    rm -rf "$LAB_DIR/kernel"
    mkdir -p "$LAB_DIR/kernel" "$dir/few/lib/modules/$version"
    # Patterns are expanded here on purpose.
    # shellcheck disable=SC2086
    for pattern in "${LAB_MODULE_PATTERNS[@]}"; do
        (cd "$from" && cp -r --parents kernel/$pattern "$dir/few/lib/modules/$version/") || return
    done
    cp "$from"/modules.{order,builtin,builtin.modinfo} "$dir/few/lib/modules/$version/" || return
    depmod -b "$dir/few" "$version" || return
    mv "$dir/few/lib/modules/$version" "$LAB_DIR/kernel/modules"
    mv "$dir/tree/boot/vmlinuz-$version" "$LAB_DIR/kernel/vmlinuz"
    find "$dir/tree" -name busybox -type f -perm -u+x -exec mv {} "$LAB_DIR/kernel/busybox" \;
    printf '%s' "$version" >"$LAB_DIR/kernel/version"
    kernel_hash >"$LAB_DIR/kernel/stamp"
    rm -rf "$dir"
}

build_kernel() { fetch_kernel && unpack_kernel; }

# bootstrap PACKAGES-FILE TARGET OPTIONS...: a minimal system of LAB_ROOT_SUITE with those packages.
bootstrap() {
    local packages=$1 target=$2 options=$LAB_BUILD/apt-options
    shift 2
    mkdir -p "$LAB_BUILD"
    apt_fetch_options >"$options.$BASHPID"
    local code=0
    as_root mmdebstrap --quiet --variant=minbase --components=main --keyring="$LAB_KEYRING" \
        --aptopt="$options.$BASHPID" --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
        --dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/locale/* \
        --include="$(grep -v '^#' "$packages" | xargs | tr ' ' ,)" "$@" \
        "$LAB_ROOT_SUITE" "$target" "$LAB_MIRROR" || code=$?
    rm -f "$options.$BASHPID"
    return "$code"
}

build_root() {
    local dir=$LAB_BUILD/root version
    version=$(<"$LAB_DIR/kernel/version")
    as_root rm -rf "$dir"
    rm -f "$LAB_DIR"/root.{img,stamp} "$LAB_BUILD/root.img"
    bootstrap "$LAB_HOME/guest/packages" "$dir" \
        --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/info/* || return
    as_root mkdir -p "$dir/usr/lib/modules/$version" || return
    as_root cp -a "$LAB_DIR/kernel/modules/." "$dir/usr/lib/modules/$version/" || return
    as_root rm -rf "$dir"/var/lib/apt/lists/* "$dir"/var/cache/apt/*.bin || return
    # No journal: it is only ever mounted read-only.
    as_root mke2fs -q -t ext4 -O ^has_journal -m 0 -L lab-root -d "$dir" "$LAB_BUILD/root.img" "$LAB_ROOT_BYTES" || return
    as_root chown "$(id -u):$(id -g)" "$LAB_BUILD/root.img" || return
    mv "$LAB_BUILD/root.img" "$LAB_DIR/root.img"
    root_hash >"$LAB_DIR/root.stamp"
    as_root rm -rf "$dir"
}

build_peer() {
    rm -f "$LAB_DIR"/peer.{tar,stamp} "$LAB_BUILD/peer.tar"
    bootstrap "$LAB_PEER/packages" "$LAB_BUILD/peer.tar" --format=tar || return
    as_root chown "$(id -u):$(id -g)" "$LAB_BUILD/peer.tar" || return
    mv "$LAB_BUILD/peer.tar" "$LAB_DIR/peer.tar"
    peer_hash >"$LAB_DIR/peer.stamp"
}

json_list() {
    local item list=''
    for item in "$@"; do list+="${list:+,}\"$item\""; done
    printf '[%s]' "$list"
}

# Docker's disk with the peer image on it, laid out as dockerd's overlay2 driver does it (one layer). Importing the tar
# inside the emulated guest gives the same in 30 to 200 s; "up" does that when dockerd does not see the image.
build_docker_disk() {
    local tree=$LAB_BUILD/docker tar=$LAB_DIR/peer.tar digest config image layer link size
    local -a environment
    mapfile -t environment <"$LAB_PEER/environment"
    as_root rm -rf "$tree"
    rm -f "$LAB_DIR"/docker.{img,stamp} "$LAB_BUILD/docker.img"
    digest=$(sha256sum "$tar" | cut -c1-64)
    config=$(printf '{"architecture":"amd64","os":"linux","created":"%s","config":{"Cmd":["bash"],"Env":%s},"history":[{"created":"%s"}],"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$(date -u -r "$tar" +%FT%TZ)" "$(json_list "${environment[@]}")" "$(date -u -r "$tar" +%FT%TZ)" "$digest")
    image=$(printf '%s' "$config" | sha256sum | cut -c1-64)
    layer=$(printf 'layer %s' "$digest" | sha256sum | cut -c1-64)
    link=$(printf '%s' "$layer" | tr -dc 'a-z' | tr 'a-z' 'A-Z')ABCDEFGHIJKLMNOPQRSTUVWXYZ
    link=${link:0:26}

    as_root mkdir -p "$tree/overlay2/$layer/diff" "$tree/overlay2/l" || return
    as_root tar -x -p --xattrs --xattrs-include='*' --numeric-owner -C "$tree/overlay2/$layer/diff" -f "$tar" || return
    as_root ln -s "../$layer/diff" "$tree/overlay2/l/$link"
    printf '%s' "$link" | as_root tee "$tree/overlay2/$layer/link" >/dev/null
    size=$(as_root du -sb "$tree/overlay2/$layer/diff" | cut -f1)

    local meta=$tree/image/overlay2
    as_root mkdir -p "$meta/imagedb/content/sha256" "$meta/imagedb/metadata/sha256" "$meta/layerdb/sha256/$digest" || return
    printf '%s' "$config" | as_root tee "$meta/imagedb/content/sha256/$image" >/dev/null
    printf '%s' "$layer" | as_root tee "$meta/layerdb/sha256/$digest/cache-id" >/dev/null
    printf 'sha256:%s' "$digest" | as_root tee "$meta/layerdb/sha256/$digest/diff" >/dev/null
    printf '%s' "$size" | as_root tee "$meta/layerdb/sha256/$digest/size" >/dev/null
    printf '{"Repositories":{"verbena/peer":{"%s":"sha256:%s","verbena/peer:latest":"sha256:%s"}}}' \
        "$(peer_tag)" "$image" "$image" | as_root tee "$meta/repositories.json" >/dev/null
    as_root chmod -R go-rwx "$tree/image"
    as_root chmod 710 "$tree/overlay2" "$tree/overlay2/$layer"

    as_root mke2fs -q -t ext4 -m 0 -L lab-docker -E lazy_itable_init=1,lazy_journal_init=1 -d "$tree" \
        "$LAB_BUILD/docker.img" "$LAB_DOCKER_BYTES" || return
    as_root chown "$(id -u):$(id -g)" "$LAB_BUILD/docker.img" || return
    mv "$LAB_BUILD/docker.img" "$LAB_DIR/docker.img"
    docker_hash >"$LAB_DIR/docker.stamp"
    as_root rm -rf "$tree"
}

# pack_initrd DIRECTORY: the directory as a cpio archive on standard output.
pack_initrd() { (cd "$1" && find . | "$LAB_DIR/kernel/busybox" cpio -o -H newc 2>/dev/null); }

build_initrd() {
    local dir=$LAB_BUILD/initrd version module kind file
    version=$(<"$LAB_DIR/kernel/version")
    rm -rf "$dir" "$LAB_BUILD/depmod"
    mkdir -p "$dir"/{bin,dev,proc,sys,mnt,modules,lab} "$LAB_BUILD/depmod/lib/modules"
    ln -s "$LAB_DIR/kernel/modules" "$LAB_BUILD/depmod/lib/modules/$version"
    cp "$LAB_DIR/kernel/busybox" "$dir/bin/busybox"
    cp "$LAB_HOME/guest/initramfs" "$dir/init"
    cp "$LAB_HOME"/guest/{init,agent,stop} "$LAB_HOME"/{rdma-links,netem,selftest} "$dir/lab/"
    chmod 755 "$dir/init" "$dir"/lab/*
    for module in "${LAB_EARLY_MODULES[@]}"; do
        while read -r kind file _; do
            [[ $kind == insmod ]] || continue
            [[ -f $dir/modules/${file##*/} ]] && continue
            cp "$file" "$dir/modules/"
            printf '%s\n' "${file##*/}" >>"$dir/modules/order"
        done < <(modprobe --show-depends -d "$LAB_BUILD/depmod" -S "$version" "$module")
    done
    [[ -s $dir/modules/order ]] || return 1
    pack_initrd "$dir" >"$LAB_DIR/initrd.img" || return
    initrd_hash >"$LAB_DIR/initrd.stamp"
    rm -rf "$dir" "$LAB_BUILD/depmod"
}

# logged NAME FUNCTION: its output goes to a log; a failure shows the log's end.
logged() {
    local name=$1 log=$LAB_DIR/log/build-$1.log
    shift
    mkdir -p "$LAB_DIR/log" "$LAB_BUILD"
    "$@" </dev/null >"$log" 2>&1 9>&- || die_with_log "building the $name failed" "$log"
}

# Ends the bootstraps that still run, with all that they started: background jobs do not see a Ctrl-C by themselves.
stop_build() {
    local job
    for job in "${JOBS[@]}"; do kill_tree "$job"; done
    JOBS=()
}

# Makes whatever is missing or old. Sets BUILT=yes when something was made. The two bootstraps run side by side.
build_all() {
    BUILT=no
    JOBS=()
    if ! stamp_is "$LAB_DIR/kernel/stamp" "$(kernel_hash)"; then
        BUILT=yes
        say "fetching the guest's kernel from Debian $LAB_KERNEL_SUITE (about 70 MB)"
        timed "kernel fetched and unpacked" logged kernel build_kernel || exit
    fi
    if ! stamp_is "$LAB_DIR/peer.stamp" "$(peer_hash)" || [[ ! -f $LAB_DIR/peer.tar ]]; then
        BUILT=yes
        say "building the peer image's file system from Debian $LAB_ROOT_SUITE"
        timed "peer image's file system built" logged peer build_peer &
        JOBS+=($!)
    fi
    if ! stamp_is "$LAB_DIR/root.stamp" "$(root_hash)" || [[ ! -f $LAB_DIR/root.img ]]; then
        BUILT=yes
        say "building the guest's root file system from Debian $LAB_ROOT_SUITE"
        timed "guest's root file system built" logged root build_root &
        JOBS+=($!)
    fi
    local job code=0
    for job in "${JOBS[@]}"; do wait "$job" || code=1; done
    JOBS=()
    ((code == 0)) || exit 1
    if ! stamp_is "$LAB_DIR/docker.stamp" "$(docker_hash)" || [[ ! -f $LAB_DIR/docker.img ]]; then
        BUILT=yes
        timed "docker's disk made" logged docker-disk build_docker_disk || exit
    fi
    if ! stamp_is "$LAB_DIR/initrd.stamp" "$(initrd_hash)"; then
        BUILT=yes
        timed "initial ram disk packed" logged initrd build_initrd || exit
    fi
}
