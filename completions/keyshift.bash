# Completion of keyshift for bash. Calls it with the words up to the cursor and evaluates none of them.
_keyshift() {
  # bash also splits words at : and =; parts without a space between them are joined again.
  local rest=${COMP_LINE:0:COMP_POINT} words=() count=0 gap word i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    gap=${rest%%[![:space:]]*}
    rest=${rest#"$gap"}
    word=${COMP_WORDS[i]}
    ((i == COMP_CWORD)) && word=$rest
    rest=${rest#"$word"}
    if [[ -z $gap ]] && ((count > 0)); then words[count - 1]+=$word; else words[count++]=$word; fi
  done
  # bash replaces only the part after the last of these characters, unless the word is quoted.
  local current=${words[count - 1]} quote='' lead='' breaks='' value text
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=:
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+==
  case $current in
    [\"\']*) quote=1 ;;
    *["$breaks"]*) lead=${current%"${current##*["$breaks"]}"} ;;
  esac
  for ((i = 0; i < count; i++)); do
    word=${words[i]}
    case $word in
      \"*) word=${word#\"} words[i]=${word%\"} ;;
      \'*) word=${word#\'} words[i]=${word%\'} ;;
    esac
  done
  COMPREPLY=()
  while IFS=$'\t' read -r value text; do
    case $value in
      :files) _keyshift_paths -f "${words[count - 1]}" && return ;;
      :folders) _keyshift_paths -d "${words[count - 1]}" && return ;;
    esac
    [[ $value == */ ]] && compopt -o nospace 2> /dev/null
    value=${value#"$lead"}
    # A name may contain characters that bash would evaluate.
    if [[ -z $quote ]]; then
      printf -v value %q "$value"
    elif [[ $value == *[\"\'\\\`\$!]* ]]; then
      continue
    fi
    COMPREPLY+=("$value")
  done < <(keyshift complete -- "${words[@]:1}" 2> /dev/null)
}
_keyshift_paths() {
  local path
  compopt -o filenames 2> /dev/null
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "${2#--*=}")
}
complete -F _keyshift keyshift
