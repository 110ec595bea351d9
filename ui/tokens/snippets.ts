/** How programs use a token, ready to be copied. Only the `.env` has the token itself; the others read it from the environment. */

export interface Snippet {
  value: string;
  text: string;
  code: string;
}

/** @param key the name of a key that the token reaches. */
export const snippetsFor = (vault: string, key: string, token: string): Snippet[] => {
  const url = `${vault}/keys/${encodeURIComponent(key)}`;
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
    { value: 'env', text: '.env', code: `KEYSTORE_URL=${vault}\nKEYSTORE_TOKEN=${token}` },
  ];
};
