export const shells = ['bash', 'zsh', 'fish'] as const;

const scripts: Readonly<Record<(typeof shells)[number], string>> = {
  bash: `# hq-tui completion for bash: eval "$(hq-tui completion bash)"
_hq_tui() {
  local line value begun
  local -a words
  # Not COMP_WORDS: bash cuts those at every = too, and completes what is behind the last one only.
  read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *[[:space:]] ]] && words+=("")
  begun="\${words[\${#words[@]}-1]}"
  COMPREPLY=()
  while IFS= read -r line; do
    value="\${line%%$'\\t'*}"
    [[ "$begun" == *=* ]] && value="\${value#"\${begun%=*}="}"
    COMPREPLY+=("$value")
  done < <(hq-tui complete -- "\${words[@]:1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _hq_tui hq-tui`,
  zsh: `#compdef hq-tui
# hq-tui completion for zsh: eval "$(hq-tui completion zsh)"
_hq_tui() {
  local -a candidates
  local line
  while IFS= read -r line; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(hq-tui complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'hq-tui' candidates
}
compdef _hq_tui hq-tui`,
  fish: `# hq-tui completion for fish: hq-tui completion fish | source
function __hq_tui_complete
  set -l words (commandline -opc) (commandline -ct)
  hq-tui complete -- $words[2..-1] 2>/dev/null
end
complete -c hq-tui -f -a '(__hq_tui_complete)'`,
};

export function completionScript(shell: string): string {
  const known = shells.find((one) => one === shell);
  return known === undefined ? '' : scripts[known];
}
