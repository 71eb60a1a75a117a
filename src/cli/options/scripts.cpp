#include "cli/options/complete.h"

namespace hello::cli {

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash")
    return R"sh(# bash completion of hello: source <(hello completion bash)
_hello() {
  local word words=() rest=$COMP_LINE out line strip i
  for ((i = 0; i <= COMP_CWORD; i++)); do # bash divides words at = and :
    word=${COMP_WORDS[i]}
    if ((i > 0)) && { [[ -n $word && $rest == "$word"* ]] ||
      [[ -z $word && ${COMP_LINE:COMP_POINT-1:1} != [[:space:]] ]]; }; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    rest=${rest#*"$word"}
  done
  word=${words[${#words[@]} - 1]}
  strip=${word%"${word##*[=:]}"}
  out=$'\n'$("${words[0]/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  while IFS= read -r line; do
    line=${line%%$'\t'*}
    [[ -z $line ]] || COMPREPLY+=("$(printf %q "${line#"$strip"}")")
  done <<<"${out%$'\n':*}"
  case ${out##*$'\n':} in
    0) compopt -o default ;;
    6) compopt -o nospace ;;
    16) compopt -o dirnames ;;
  esac
}
complete -F _hello hello
)sh";
  if (shell == "zsh")
    return R"sh(#compdef hello
# zsh completion of hello: source <(hello completion zsh), or a file _hello in a folder of $fpath
_hello() {
  local -a lines described
  local line value
  lines=("${(@f)$(${~words[1]} __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "${(@)lines[1,-2]}"; do
    value=${${line%%$'\t'*}//:/\\:}
    [[ $line == *$'\t'* ]] && value+=:${line#*$'\t'}
    described+=("$value")
  done
  case $lines[-1] in
    :0) _files ;;
    :16) _files -/ ;;
    :6) _describe hello described -S '' ;;
    *) (($#described)) && _describe hello described ;;
  esac
}
if [[ $funcstack[1] == _hello ]]; then
  _hello
else
  (($+functions[compdef])) || { autoload -Uz compinit && compinit; }
  compdef _hello hello
fi
)sh";
  return R"sh(# fish completion of hello: hello completion fish | source
function __hello_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l out (command $words[1] __complete $words[2..-1] 2>/dev/null)
  if test "$out[-1]" = :0
    __fish_complete_path (commandline -ct)
  else if test "$out[-1]" = :16
    __fish_complete_directories (commandline -ct)
  else if test (count $out) -gt 1
    printf '%s\n' $out[1..-2]
  end
end
complete -c hello -f -a '(__hello_complete)'
)sh";
}

} // namespace hello::cli
