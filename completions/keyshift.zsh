#compdef keyshift
# Completion of keyshift for zsh. Calls it with the words up to the cursor and evaluates none of them.
_keyshift() {
  local line value text
  local -a closed open
  for line in "${(@f)$(keyshift complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null)}"; do
    value=${line%%$'\t'*}
    text=${line#$value}
    case $value in
      '') continue ;;
      :files) compset -P '--*='; _files; return ;;
      :folders) compset -P '--*='; _files -/; return ;;
      */) open+=("${value//:/\\:}${text/$'\t'/:}") ;;
      *) closed+=("${value//:/\\:}${text/$'\t'/:}") ;;
    esac
  done
  _describe -t keyshift keyshift closed -- open -S ''
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then _keyshift "$@"; else compdef _keyshift keyshift; fi
