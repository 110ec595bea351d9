/** `keystore completion`: scripts by which shells complete commands and options. They are made of the table, and run nothing. */

import { standardOutput } from '../terminal/output.ts';
import { type Command, commonOptions, type Given } from './arguments.ts';
import { commands } from './table.ts';

const writers: Record<string, () => string> = { bash, zsh, fish };

export function run(given: Given): Promise<undefined> {
  standardOutput().write(writers[given.argument(0)]?.() ?? '');
  return Promise.resolve(undefined);
}

function optionsOf(command: Command) {
  return Object.entries({ ...command.options, ...commonOptions });
}

/** What may stand behind a command: its options, and the actions or files that it takes. */
function wordsOf(command: Command): string {
  return [...(command.actions ?? []), ...optionsOf(command).map(([name]) => `--${name}`)].join(' ');
}

function bash(): string {
  const cases = commands.map((command) => `    ${command.name}) words='${wordsOf(command)}' ;;`);
  const choices = commands.flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([option, { choices: given }]) =>
      given ? [`    '${name} --${option}') words='${given.join(' ')}' ;;`] : [],
    ),
  );
  return `# keystore completion bash: put this into ~/.bashrc, or run: source <(keystore completion bash)
_keystore() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} words='' at
  COMPREPLY=()
  # Behind "--" stands another command.
  for ((at = 2; at < COMP_CWORD; at++)); do
    if [[ \${COMP_WORDS[at]} == -- && \${COMP_WORDS[1]} == run ]]; then
      if declare -F _command_offset >/dev/null; then _command_offset $((at + 1)); else COMPREPLY=($(compgen -c -- "$word")); fi
      return
    fi
  done
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
    help) words='${commands.map(({ name }) => name).join(' ')}' ;;
  esac
  case "\${COMP_WORDS[1]} $before" in
${choices.join('\n')}
    *) : ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _keystore keystore
`;
}

function zsh(): string {
  const describe = (text: string) => text.replaceAll("'", "'\\''").replaceAll(':', '\\:').replaceAll(/[[\]]/g, '\\$&');
  const cases = commands.map((command) => {
    const specs = optionsOf(command).map(([name, { help, value, isMultiple, choices }]) => {
      const action = choices ? `(${choices.join(' ')})` : '_files';
      return `'${isMultiple ? '*' : ''}--${name}[${describe(help)}]${value ? `:${describe(value)}:${action}` : ''}'`;
    });
    const first = command.actions ? `'1:action:(${command.actions.join(' ')})'` : '';
    const rest = command.hasCommand ? "'*::command: _normal'" : "'*:file:_files'";
    return `      ${command.name}) _arguments ${[...specs, first, rest].filter((spec) => spec !== '').join(' ')} ;;`;
  });
  return `#compdef keystore
# keystore completion zsh: put this as _keystore into a folder of $fpath, or run: source <(keystore completion zsh)
_keystore() {
  local -a names
  names=(
${commands.map(({ name, summary }) => `    '${name}:${describe(summary)}'`).join('\n')}
    'help:show help'
  )
  if ((CURRENT == 2)); then
    _describe command names
    return
  fi
  local name=$words[2]
  shift words
  ((CURRENT--))
  case $name in
${cases.join('\n')}
      help) _describe command names ;;
  esac
}
if [[ $funcstack[1] == _keystore ]]; then _keystore "$@"; else compdef _keystore keystore; fi
`;
}

function fish(): string {
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => {
    const seen = quote(`__fish_seen_subcommand_from ${command.name}`);
    return [
      `complete -c keystore -n __fish_use_subcommand -f -a ${command.name} -d ${quote(command.summary)}`,
      ...(command.actions ? [`complete -c keystore -n ${seen} -f -a ${quote(command.actions.join(' '))}`] : []),
      ...optionsOf(command).map(([name, { short, value, help, choices }]) => {
        const takes = choices ? ` -x -a ${quote(choices.join(' '))}` : value ? ' -r' : '';
        return `complete -c keystore -n ${seen} -l ${name}${short ? ` -s ${short}` : ''}${takes} -d ${quote(help)}`;
      }),
    ];
  });
  return `# keystore completion fish: put this into ~/.config/fish/completions/keystore.fish
${lines.join('\n')}
`;
}
