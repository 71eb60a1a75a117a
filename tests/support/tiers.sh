# shellcheck shell=bash
# Runs tests for ./dev, which sources this file: tiers, their parts, what a test needs, and the sum at the end.
# tests/README.md describes all of it.

every_change='lint unit cli pipeline asan tsan fuzz'
every_night='sanitizers soak generators image scan lab check-broken jenkins'
declare -A tier=([change]=$every_change [nightly]=$every_night [release]="$every_change $every_night packaging kubectl trials trivy bench")

passed=0 failed=0 skipped=0
lab_is_ours='' engine_is_ours='' lab_parts='' lab_has=' ' own_image=''

# failing LOG: the failures and the first lines of their reasons. They are shown before the end of the log, for readers
# that keep only the beginning.
failing() {
  LC_ALL=C awk '/^(FAIL|not ok)|: (FATAL )?ERROR: / { left = 8 } /^ok / { left = 0 } left-- > 0' "$1" | head -n 80
}

# count NAME SECONDS STATUS LOG: adds up a run's closing line, "N passed, N failed[, N skipped]", and prints the result
count() {
  local p=0 f=0 s=0 line
  line=$(grep -aE '^([a-z]+: )?[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$4" | tail -n 1 || true)
  if [ -n "$line" ]; then
    p=$(sed -E 's/^([a-z]+: )?([0-9]+) passed.*/\2/' <<<"$line")
    f=$(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"$line")
    s=$(sed -nE 's/.* ([0-9]+) skipped.*/\1/p' <<<"$line"); s=${s:-0}
  else
    line="no closing line"
    [ "$3" = 0 ] || line+=", exit $3"
  fi
  # a missing closing line, or a bad exit without a counted failure, is a failure too
  if [ "$f" = 0 ] && { [ "$3" != 0 ] || [ "$line" != "${line#no closing}" ]; }; then f=1; fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  if [ "$f" = 0 ]; then
    printf 'ok    %-34s %6ss  %s\n' "$1" "$2" "$line"
  else
    printf 'FAIL  %-34s %6ss  %s\n' "$1" "$2" "$line"
    failing "$4" | sed 's/^/      /'
    echo "      … the end of its log:"
    tail -n "${LINES_SHOWN:-60}" "$4" | sed 's/^/      /'
  fi
}

# junit NAME SECONDS STATUS LOG: one report a run, for Jenkins
junit() {
  local file=build/reports/${1//\//-}.xml text
  mkdir -p build/reports
  text=$(tail -c 20000 "$4" | LC_ALL=C tr -cd '\11\12\15\40-\176' | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g')
  { printf '<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="%s" tests="1" failures="%d" time="%s">\n' "$1" $(($3 != 0)) "$2"
    printf '<testcase classname="%s" name="%s" time="%s">\n' "${1%%/*}" "$1" "$2"
    [ "$3" = 0 ] || printf '<failure message="exit %s"/>\n' "$3"
    printf '<system-out>%s</system-out></testcase></testsuite>\n' "$text"; } > "$file"
}

# timed NAME CMD...: runs it with its output in build/log, and counts it
timed() {
  local name=$1 log=build/log/${1//\//-}.log start=${EPOCHREALTIME/[.,]/} status=0 took; shift
  mkdir -p build/log
  if [ -n "${VERBOSE:-}" ]; then "$@" </dev/null 2>&1 | tee "$log" || status=$?; else logged "$name" "$log" "$@" || status=$?; fi
  took=$(((${EPOCHREALTIME/[.,]/} - start) / 100000))
  count "$name" "$((took / 10)).$((took % 10))" $status "$log"
  junit "$name" "$((took / 10)).$((took % 10))" $status "$log"
}

shipped() { echo "musl-$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')"; }

# engine: a Docker engine answers afterwards; the lab's is started where there is no other
engine() {
  docker version >/dev/null 2>&1 && return
  [ -x "$LAB/engine" ] || return
  local settings before
  before=$(pgrep -cx dockerd || true)
  settings=$("$LAB/engine" up) || return
  [ "$before" != 0 ] || engine_is_ours=yes
  eval "$settings"
}

# lab_parts_of PART|PATH...: the parts of the lab that their tests need, with commas
lab_parts_of() {
  local one paths=()
  for one; do
    case $one in
      lab) paths+=(tests/e2e) ;;
      */*) paths+=("$one") ;;
      *) paths+=("tests/$one") ;;
    esac
  done
  find "${paths[@]}" -type f -perm -u+x -exec sed -s -n '2,9s/^# needs: *//p' {} + 2>/dev/null | tr ' ' '\n' |
    grep -xE 'metrics|ingress|netpol|prometheus|logs|collector|registry|kwok|alertmanager' | sort -u | paste -sd, || true
}

# lab [PART]: the lab runs afterwards, with that part of it. At first it gets all that the chosen tests need: later ones
# would have to wait for whatever earlier tests have left behind.
lab() {
  [ -x "$LAB/up" ] || return
  [[ $lab_has == *" ${1:-base} "* ]] && return
  if ! "$LAB/in" true >/dev/null 2>&1; then lab_is_ours=yes; fi
  if [ -n "$lab_parts" ] || [ -n "$lab_is_ours" ]; then quietly lab "$LAB/up" ${lab_parts:+--with "$lab_parts"}; fi
  lab_has+="base ${lab_parts//,/ } "
}

# image: hello:dev is built, and in the lab's cluster if `needed` names one; a caller's IMAGE is taken as it is
image() {
  [ -z "${IMAGE:-}" ] || [ -n "$own_image" ] || return 0
  [ -n "$own_image" ] || quietly image cmake/image
  own_image=yes
  export IMAGE=hello:dev
  if [[ $needed == *cluster* || $needed == *lab* ]] && [ -z "${CONTEXT:-}" ] && [[ $lab_has != *" $IMAGE "* ]]; then
    lab || return
    docker save "$IMAGE" -o build/hello.tar && quietly lab-image "$LAB/image" build/hello.tar
    lab_has+="$IMAGE "
  fi
}

# packages: RELEASE is the folder of a release; without the caller's it is made of this commit
packages() {
  [ -z "${RELEASE:-}" ] || return 0
  RELEASE=$PWD/dist/release
  mkdir -p build/log
  packaging/release >build/log/release.log 2>&1
}

# cluster: tests run against CONTEXT, or in the lab
cluster() {
  if [ -n "${CONTEXT:-}" ]; then
    command -v "${KUBECTL:-kubectl}" >/dev/null || die "kubectl is missing: https://kubernetes.io/docs/tasks/tools"
  else
    lab || return
    inside=("$LAB/in") settings+=(CONTEXT=lab "OUTSIDE=nsenter --net=/proc/$$/ns/net --")
    [ -z "$lab_is_ours" ] || settings+=(OUTAGE=1) # nobody else's API server is stopped
  fi
}

# provide WORD: makes sure of one word of a test's "# needs:" line, or says in `lacking` why that is impossible
provide() {
  case $1 in
    hello) [ -n "${HELLO:-}" ] || build dev; settings+=("HELLO=${HELLO:-$PWD/build/hello}") ;;
    release) [ -n "${HELLO:-}" ] || build release; settings+=("HELLO=${HELLO:-$PWD/$(executable release)}") ;;
    shipped) [ -n "${SHIPPED:-}" ] || build "$(shipped)"; settings+=("SHIPPED=${SHIPPED:-$PWD/$(executable "$(shipped)")}") ;;
    hello-0.1.0) need c++ cmake ninja git; quietly hello-0.1.0 tests/support/hello-0.1.0; settings+=("HELLO_0_1_0=$PWD/build/0.1.0/hello") ;;
    docker) engine || lacking="no Docker engine answers" ;;
    image) if [ -n "${IMAGE:-}" ] || engine; then image; else lacking="no Docker engine answers, which builds the image"; fi ;;
    packages) packages || lacking="no release: $(tail -n 1 build/log/release.log)"; settings+=("RELEASE=$RELEASE") ;;
    cluster) cluster || lacking="no cluster: CONTEXT names a kubectl context, LAB a lab" ;;
    lab) if lab; then settings+=("LAB=$LAB"); else lacking="no lab: LAB names one"; fi ;;
    metrics | ingress | netpol | prometheus | logs | collector | registry | kwok | alertmanager)
      [ -n "${CONTEXT:-}" ] || lab "$1" || lacking="no lab with the part $1" ;;
    *) need "$1" ;;
  esac
}

# run_script KIND SCRIPT: with what the lines "# needs:" at its top name; skipped where that is impossible
run_script() {
  local name=$1/${2##*/} word needed lacking='' settings=() inside=()
  needed=$(sed -n '2,9s/^# needs: *//p' "$2" | tr '\n' ' ')
  for word in $needed; do
    provide "$word"
    [ -z "$lacking" ] || { skipped=$((skipped + 1)); printf 'skip  %-34s          %s\n' "$name" "$lacking"; return; }
  done
  timed "$name" timeout -k 10 "${SCRIPT_SECONDS:-900}" "${inside[@]}" env PYTHONDONTWRITEBYTECODE=1 "${settings[@]}" ${wrapper:+"$wrapper"} "$(realpath "$2")"
}

# run_scripts KIND DIRECTORY|SCRIPT...: each executable file, in order
run_scripts() {
  local kind=$1 path script found=; shift
  for path; do
    [ -e "$path" ] || die "no such test: $path"
    while read -r script; do
      found=1
      run_script "$kind" "$script"
    done < <(if [ -d "$path" ]; then find "$path" -maxdepth 1 -type f -perm -u+x | sort; else echo "$path"; fi)
  done
  [ -n "$found" ] || die "no executable script in $*"
}

# doctest CMD...: the unit tests, with the closing line that all runs have. At the time limit doctest names the test.
doctest() {
  local status=0 out
  out=$(timeout -k 10 "${SCRIPT_SECONDS:-1800}" "$@" --no-intro --no-version) || status=$?
  printf '%s\n' "$out"
  sed -nE 's/^\[doctest\] test cases: *[0-9]+ \| *([0-9]+) passed \| *([0-9]+) failed.*/\1 passed, \2 failed/p' <<<"$out"
  return $status
}

# without random addresses where possible: older sanitizers cannot live with those of newer kernels
still=()
if setarch -R true 2>/dev/null; then still=(setarch -R); fi

# fuzz BINARY SECONDS: new inputs are kept in FUZZ_CORPUS, and those that break it in build/asan
fuzz() {
  local name=${1##*/fuzz_} kept
  kept=${FUZZ_CORPUS:-build/asan/corpus}/$name
  mkdir -p "$kept"
  "${still[@]}" "$1" -max_total_time="$2" -timeout=20 -print_final_stats=1 -artifact_prefix="build/asan/$name-" "$kept" "tests/fuzz/corpus/$name" &&
    echo "1 passed, 0 failed"
}

# fuzzers SECONDS: each of them for so long
fuzzers() {
  local fuzzer
  build asan
  for fuzzer in build/asan/tests/fuzz_*; do timed "fuzz/${fuzzer##*/fuzz_}" fuzz "$fuzzer" "$1"; done
}

# unit_tests_of PRESET
unit_tests_of() {
  build "$1" hello_tests
  timed "$1" doctest "${still[@]}" "build/$1/tests/hello_tests"
}

# sanitized PRESET KIND SCRIPT: the test of the preset's executable; what its sanitizers report is a failure
sanitized() {
  HELLO=$PWD/build/$1/hello wrapper=$PWD/tests/support/sanitized run_script "$2" "$3"
}

# sanitizers: all unit tests, the service under the tests of everything that comes over the network, the deployer against
# a real cluster.
sanitizers() {
  local preset
  unit_tests_of tsan-all
  for preset in asan tsan-all; do
    build "$preset" hello
    sanitized "$preset" "$preset" tests/cli/hostile
    sanitized "$preset" "$preset" tests/cli/transport
  done
  ONLY=first_unchanged_changed,back,conflicts,together,interrupts,obstacles sanitized tsan-all tsan-all tests/e2e/20-deploy
}

# part NAME
part() {
  case $1 in
    lint)
      git ls-files >/dev/null || die "lint reads what git lists: a checkout that git can read is needed"
      build dev; run_scripts lint tests/lint ;;
    unit) build dev; timed unit doctest build/tests/hello_tests ;;
    asan | tsan) unit_tests_of "$1" ;;
    fuzz) fuzzers "${FUZZ_SECONDS:-20}" ;;
    sanitizers) sanitizers ;;
    generators) fuzzers "${FUZZ_SECONDS:-1200}" ;;
    cli | image | jenkins) run_scripts "$1" "tests/$1" ;;
    packaging | kubectl | trials) SCRIPT_SECONDS=7200 run_scripts "$1" "tests/$1" ;;
    tests/packaging/* | tests/kubectl/* | tests/trials/*) SCRIPT_SECONDS=7200 run_scripts "$(basename "$(dirname "$1")")" "$1" ;;
    pipeline) run_scripts jenkins tests/jenkins/10-words ;;
    scan) run_scripts scan tests/scan/run tests/scan/api ;;
    trivy) TRIVY=1 run_scripts scan tests/scan/run ;;
    lab) run_scripts e2e tests/e2e ;;
    check-broken) SCRIPT_SECONDS=2400 run_scripts broken tests/broken ;;
    soak) SCRIPT_SECONDS=0 run_scripts soak tests/soak ;;
    bench) mkdir -p build/bench; OUT=$PWD/build/bench SCRIPT_SECONDS=0 VERBOSE=1 run_scripts bench tests/bench ;;
    tests/broken/*) SCRIPT_SECONDS=2400 run_scripts broken "$1" ;;
    tests/bench/*) mkdir -p build/bench; OUT=$PWD/build/bench SCRIPT_SECONDS=0 VERBOSE=1 run_scripts bench "$1" ;;
    tests/soak/*) SCRIPT_SECONDS=0 run_scripts soak "$1" ;;
    */*) run_scripts "$(basename "$(dirname "$1")")" "$1" ;;
    *) die "no such part: $1 (the parts of ./dev test release: ${tier[release]}; or a test's path)" 2 ;;
  esac
}

# run_tests [TIER] [PART|PATH...]: prints the sum at the end; fails if a test failed or none ran
run_tests() {
  local of=change chosen=() one start=$SECONDS
  if [ -n "${1:-}" ] && [ -n "${tier[$1]:-}" ]; then
    of=$1; shift
    for one; do
      [[ $one == */* || " ${tier[$of]} " == *" $one "* ]] || die "no such part of $of: $one (${tier[$of]})" 2
    done
  fi
  chosen=("$@")
  [ $# -gt 0 ] || read -ra chosen <<<"${tier[$of]}"
  LAB=$(readlink -f "${LAB:-../shared/lab}" || true); export LAB
  lab_parts=$(lab_parts_of "${chosen[@]#./}")
  trap leave EXIT
  for one in "${chosen[@]}"; do part "${one#./}"; done
  echo "took $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
  local line="$passed passed, $failed failed"
  [ "$skipped" = 0 ] || line+=", $skipped skipped"
  echo "$line"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

# leave: ends the lab and the engine if they were started here
leave() {
  [ -z "$lab_is_ours" ] || "$LAB/down" || true
  [ -z "$engine_is_ours" ] || "$LAB/engine" down || true
}
