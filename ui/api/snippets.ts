/** How programs read a key, ready to be copied. The token is in their environment; only an `.env` for a new token has it. */

export interface Snippet {
  value: string;
  text: string;
  code: string;
}

/** In single quotes, nothing means anything to a shell. */
const quoted = (text: string) => (/^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** For a new token. */
export const snippetsFor = (vault: string, key: string, token: string): Snippet[] => [
  ...readingSnippets(vault, key),
  { value: 'env', text: '.env', code: `KEYSTORE_URL=${vault}\nKEYSTORE_TOKEN=${token}` },
];

/** Starts a program with the key in its environment, by the command line. A variable is named like the last part of the key. */
export const runSnippet = (vault: string, key: string, variable: string): Snippet => {
  const last = key.slice(key.lastIndexOf('/') + 1);
  const map = last === variable ? '' : `--map ${quoted(`${key}=${variable}`)} `;
  return {
    value: 'run',
    text: 'keystore run',
    code: `export KEYSTORE_URL=${quoted(vault)}\nkeystore run ${map}${quoted(key)} -- npm start`,
  };
};

/** @param key its name. What the address of a key leaves as it is may end a text in quotes. */
export const readingSnippets = (vault: string, key: string): Snippet[] => {
  const url = `${vault}/keys/${encodeURIComponent(key).replaceAll("'", '%27')}`;
  return [
    {
      value: 'curl',
      text: 'curl',
      code: `curl -s -H "Authorization: Bearer $KEYSTORE_TOKEN" '${url}'`,
    },
    {
      value: 'node',
      text: 'Node',
      code: `const answer = await fetch(${JSON.stringify(url)}, {
  headers: { Authorization: \`Bearer \${process.env.KEYSTORE_TOKEN}\` },
});
if (!answer.ok) throw new Error((await answer.json()).error);
const { api_key } = await answer.json();`,
    },
    {
      value: 'python',
      text: 'Python',
      code: `import json, os, urllib.request

request = urllib.request.Request(
    ${JSON.stringify(url)},
    headers={"Authorization": "Bearer " + os.environ["KEYSTORE_TOKEN"]},
)
api_key = json.load(urllib.request.urlopen(request))["api_key"]`,
    },
    {
      value: 'github',
      text: 'GitHub Actions',
      code: `# Settings > Secrets > Actions: add KEYSTORE_TOKEN
- name: Read a key
  env:
    KEYSTORE_TOKEN: \${{ secrets.KEYSTORE_TOKEN }}
  run: |
    VALUE=$(curl -fsS -H "Authorization: Bearer $KEYSTORE_TOKEN" '${url}' | jq -r .api_key)
    echo "::add-mask::$VALUE"`,
    },
  ];
};
