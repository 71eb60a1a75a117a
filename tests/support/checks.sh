# shellcheck shell=bash
# Counts a test's checks and prints the closing line that ./dev test reads. Sourced by the tests in bash.
# shellcheck disable=SC2034 # the tests read them
passed=0 failed=0 skipped=0

# ok WHAT CMD...: one check, which passes if the command does; its output is shown if it fails
ok() {
  local what=$1 out; shift
  if out=$("$@" 2>&1); then passed=$((passed + 1)); echo "ok   $what"; else failed=$((failed + 1)); printf 'FAIL %s: %s\n' "$what" "$out"; fi
}

# skip WHAT: a check that cannot be made on this machine
skip() { skipped=$((skipped + 1)); echo "skip $1"; }

# same WANTED GOT
same() { [ "$1" = "$2" ] || { printf 'wanted: %s\ngot:    %s\n' "$1" "$2"; return 1; }; }

# soon SECONDS CMD...: tries until the command passes, for at most so long
soon() { local end=$((SECONDS + $1)) o; shift; until o=$("$@" 2>&1); do [ "$SECONDS" -lt "$end" ] || { echo "$o"; return 1; }; sleep 0.5; done; }

# closing: prints the closing line and exits: 1 if a check failed, or if there was none
closing() {
  echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
  [ $failed = 0 ] && [ $((passed + skipped)) -gt 0 ]
  exit
}

# fail WHAT [WHY]: a check that failed
fail() { failed=$((failed + 1)); printf 'FAIL %s: %s\n' "$1" "${2:-}"; }

# unable WHY: the whole test cannot be made on this machine
unable() { skip "$1"; closing; }
