/**
 * Programs that sign in, write values into a file by a template, and end: OpenBao's agent (BAO names the program) and consul-template
 * (CONSUL_TEMPLATE). TEMPLATE says which.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { config, equal, notOffered, refused, verb } from './verbs.mjs';

const run = promisify(execFile);
const { address, base, outside, roleId, secretId, readerRoleId, readerSecretId } = config;
const isAgent = process.env.TEMPLATE === 'agent';
const name = isAgent ? 'agent' : 'consul-template';
const home = mkdtempSync(join(tmpdir(), 'keystore-template-'));
function at(/** @type {string} */ file) {
  return join(home, file);
}

async function request(/** @type {string} */ path, /** @type {object} */ body, token = '') {
  const headers = { 'Content-Type': 'application/json', ...(token && { 'X-Vault-Token': token }) };
  const answer = await fetch(`${address}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return /** @type {Promise<any>} */ (answer.json());
}

/**
 * @param {string} role_id
 * @param {string} secret_id
 * @returns {Promise<string>}
 */
async function login(role_id, secret_id) {
  return (await request('auth/approle/login', { role_id, secret_id })).auth.client_token;
}

/** What a template makes. Fails if the program does. */
async function rendered(/** @type {string} */ contents) {
  rmSync(at('out'), { force: true });
  if (isAgent) {
    writeFileSync(at('role'), readerRoleId);
    writeFileSync(at('secret'), readerSecretId);
    writeFileSync(
      at('agent.hcl'),
      `exit_after_auth = true
vault { address = "${address}" retry { num_retries = -1 } }
auto_auth {
  method "approle" { config = { role_id_file_path = "${at('role')}", secret_id_file_path = "${at('secret')}", remove_secret_id_file_after_reading = false } }
  sink "file" { config = { path = "${at('token')}" } }
}
template_config { exit_on_retry_failure = true }
template {
  destination = "${at('out')}"
  error_on_missing_key = true
  contents = <<EOT
${contents}
EOT
}
`,
    );
    await run(process.env.BAO ?? 'bao', ['agent', `-config=${at('agent.hcl')}`], {
      env: { HOME: home },
      timeout: 20_000,
    });
  } else {
    writeFileSync(at('in.ctmpl'), contents);
    const token = await login(readerRoleId, readerSecretId);
    const args = [
      '-once',
      `-vault-addr=${address}`,
      '-vault-renew-token=false',
      '-vault-retry-attempts=1',
      '-template',
      `${at('in.ctmpl')}:${at('out')}`,
    ];
    await run(process.env.CONSUL_TEMPLATE ?? 'consul-template', args, {
      env: { HOME: home, VAULT_TOKEN: token },
      timeout: 20_000,
    });
  }
  return readFileSync(at('out'), 'utf8').trim();
}

await verb('login', async () => {
  const writer = await login(roleId, secretId);
  for (const value of ['one', 'two']) await request(`secret/data/${base}/${name}-KEY`, { data: { value } }, writer);
  await request(`secret/data/${base}/${name}-folder`, { data: { STRIPE: 's', OPENAI: 'o' } }, writer);
  equal(await rendered('signed in'), 'signed in');
});
await verb('read', async () => {
  const key = `{{ with secret "secret/data/${base}/${name}-KEY" }}{{ .Data.data.value }}{{ end }}`;
  const folder = `{{ with secret "secret/data/${base}/${name}-folder" }}{{ range $name, $value := .Data.data }} {{ $name }}={{ $value }}{{ end }}{{ end }}`;
  equal(await rendered(key + folder), 'two OPENAI=o STRIPE=s');
});
await verb('read a version', async () => {
  const old = `{{ with secret "secret/data/${base}/${name}-KEY?version=1" }}{{ .Data.data.value }}{{ end }}`;
  equal(await rendered(old), 'one');
});
await verb('list', async () => {
  const list = `{{ range secrets "secret/metadata/${base}/" }}{{ . }} {{ end }}`;
  equal((await rendered(list)).split(' ').includes(`${name}-KEY`), true);
});
await verb('refused read', async () => {
  const { stderr } = await refused(() =>
    rendered(`{{ with secret "secret/data/${outside}" }}{{ .Data.data.value }}{{ end }}`),
  );
  if (!/Code: 403/.test(stderr)) throw new Error(`It failed otherwise: ${stderr}`);
});
notOffered('login as a user', 'write', 'write a folder', 'cas conflict', 'patch', 'metadata', 'delete', 'undelete');
notOffered('destroy', 'delete all', 'lookup', 'renew', 'create a token', 'revoke', 'health');
rmSync(home, { recursive: true, force: true });
