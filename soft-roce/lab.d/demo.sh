# shellcheck shell=bash
# Sourced by soft-roce/lab: the demo of the verbena command in two containers.

DEMO_JAR=$LAB_HOME/../../examples/cli/target/verbena.jar

# cmd_demo [OPTIONS OF verbena demo]
cmd_demo() {
    local -a options=()
    local json='' folder code=0 key
    while (($# > 0)); do
        case $1 in
        --json)
            [[ -n ${2:-} ]] || usage_error "--json needs a file, or - for standard output"
            json=$2
            shift
            ;;
        --json=*) json=${1#--json=} ;;
        --listen | --listen=* | --connect | --connect=* | --source | --source=* | -I*)
            usage_error "the lab's demo chooses the addresses itself; use 'lab run' or 'lab docker' for your own"
            ;;
        *) options+=("$1") ;;
        esac
        shift
    done
    [[ -f $DEMO_JAR ]] || die "$DEMO_JAR is not built; ./verbena lab demo builds it"
    if [[ -n $json && $json != - ]]; then
        : >"$json" || usage_error "--json: cannot write $json"
    fi
    if ! is_up; then
        cmd_up
        exec 9>&- # the lock: the demo changes nothing
    fi
    find_kind
    folder=demo-$$
    mkdir -p "$(property "$LAB_STATE" share.host)/$folder"
    DEMO_FOLDER=$(property "$LAB_STATE" share.host)/$folder
    trap 'rm -rf "$DEMO_FOLDER"' EXIT
    cp "$DEMO_JAR" "$LAB_HOME/demo" "$DEMO_FOLDER/"
    local -a arguments=("$(property "$LAB_STATE" share.guest)/$folder")
    for key in image device.0 device.1 uverbs.0 uverbs.1 address.0 address.1; do
        arguments+=("$(property "$LAB_STATE" "$key")")
    done
    [[ -z $json ]] || options+=(--json -)
    if [[ -n $json && $json != - ]]; then
        in_lab "${arguments[0]}/demo" "${arguments[@]}" "${options[@]}" </dev/null >"$json" || code=$?
    else
        in_lab "${arguments[0]}/demo" "${arguments[@]}" "${options[@]}" </dev/null || code=$?
    fi
    exit "$code"
}
