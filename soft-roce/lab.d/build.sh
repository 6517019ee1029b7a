# shellcheck shell=bash
# Sourced by soft-roce/lab: makes what the lab boots, from Debian's packages only. Each artifact has a stamp with the hash
# of its recipe and is made again when that changes.

LAB_KERNEL_SUITE=bookworm     # 6.1: the kernel under which rxe and the emulated guest were the most reliable
LAB_ROOT_SUITE=trixie         # has dockerd, perftest and a JRE 25
LAB_ROOT_BYTES=2G
LAB_DOCKER_BYTES=24G          # sparse

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
peer_hash() { recipe_hash peer 1 "$LAB_ROOT_SUITE" "$LAB_PEER/packages" "$LAB_PEER/environment"; }
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

# Makes whatever is missing or old. Sets BUILT=yes when something was made. The two bootstraps run side by side.
build_all() {
    local job_peer='' job_root=''
    BUILT=no
    if ! stamp_is "$LAB_DIR/kernel/stamp" "$(kernel_hash)"; then
        BUILT=yes
        say "fetching the guest's kernel from Debian $LAB_KERNEL_SUITE (about 70 MB)"
        timed "kernel fetched and unpacked" logged kernel build_kernel || exit
    fi
    if ! stamp_is "$LAB_DIR/peer.stamp" "$(peer_hash)" || [[ ! -f $LAB_DIR/peer.tar ]]; then
        BUILT=yes
        say "building the peer image's file system from Debian $LAB_ROOT_SUITE"
        timed "peer image's file system built" logged peer build_peer &
        job_peer=$!
    fi
    if ! stamp_is "$LAB_DIR/root.stamp" "$(root_hash)" || [[ ! -f $LAB_DIR/root.img ]]; then
        BUILT=yes
        say "building the guest's root file system from Debian $LAB_ROOT_SUITE"
        timed "guest's root file system built" logged root build_root &
        job_root=$!
    fi
    local code=0
    if [[ -n $job_root ]]; then wait "$job_root" || code=1; fi
    if [[ -n $job_peer ]]; then wait "$job_peer" || code=1; fi
    ((code == 0)) || exit 1
    if ! stamp_is "$LAB_DIR/initrd.stamp" "$(initrd_hash)"; then
        BUILT=yes
        timed "initial ram disk packed" logged initrd build_initrd || exit
    fi
}
