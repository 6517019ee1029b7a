# Sets JAVA_HOME to a JDK 25. Sourced by mvnw and by the launcher, by any POSIX shell; returns 1 when there is none.
# Maven itself has to run on 25 (docs/adr/0001-maven-runs-on-jdk-25.md), so a toolchain would not be enough.

verbena_is_jdk25() {
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  while IFS= read -r verbena_line || [ -n "$verbena_line" ]; do
    case "$verbena_line" in
      JAVA_VERSION=\"25\" | JAVA_VERSION=\"25.*) return 0 ;;
    esac
  done <"$1/release"
  return 1
}

verbena_find_jdk25() {
  verbena_on_path=$(command -v javac 2>/dev/null) && verbena_on_path=$(readlink -f "$verbena_on_path") || verbena_on_path=
  set -- "${JAVA_HOME-}" "${JAVA_HOME_25_X64-}" "${JAVA_HOME_25_ARM64-}" "${verbena_on_path%/bin/javac}" \
    /usr/lib/jvm/* "${HOME-/nonexistent}"/.sdkman/candidates/java/* "${HOME-/nonexistent}"/.jdks/*
  for verbena_candidate in "$@"; do
    if [ -n "$verbena_candidate" ] && verbena_is_jdk25 "$verbena_candidate"; then
      JAVA_HOME=$verbena_candidate
      export JAVA_HOME
      return 0
    fi
  done
  echo "Verbena needs a JDK 25 and found none: install one (Debian 13: apt install openjdk-25-jdk-headless; elsewhere: a JDK 25 from https://adoptium.net) or set JAVA_HOME to it." >&2
  return 1
}

if [ -n "${JAVA_HOME-}" ] && verbena_is_jdk25 "$JAVA_HOME"; then
  export JAVA_HOME
else
  verbena_find_jdk25
fi
