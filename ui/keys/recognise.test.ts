/** Examples are made of parts, so that no scanner takes one in this file for a real key. */
import { describe, expect, test } from 'vitest';
import { providers } from './providers.ts';
import { breakIn, misfit, recognise } from './recognise.ts';

const letters = (count: number) => 'aB3dE6gH9jK2mN5pQ8sT'.repeat(20).slice(0, count);
const hex = (count: number) => '0a1b2c3d4e5f6789'.repeat(20).slice(0, count);
const upper = (count: number) => 'ABCDEFGHIJKLMNOP234567'.repeat(20).slice(0, count);
const joined = (...parts: string[]) => parts.join('');

const examples: [value: string, text: string, name: string][] = [
  [joined('sk-', 'ant-api03-', letters(80)), 'Anthropic API key', 'ANTHROPIC_API_KEY'],
  [joined('sk-', 'or-v1-', hex(64)), 'OpenRouter API key', 'OPENROUTER_API_KEY'],
  [joined('sk-', 'proj-', letters(60)), 'OpenAI API key', 'OPENAI_API_KEY'],
  [joined('sk-', letters(20), 'T3Blbk', 'FJ', letters(20)), 'OpenAI API key', 'OPENAI_API_KEY'],
  [joined('gsk', '_', letters(52)), 'Groq API key', 'GROQ_API_KEY'],
  [joined('xai', '-', letters(80)), 'xAI API key', 'XAI_API_KEY'],
  [joined('pplx', '-', letters(48)), 'Perplexity API key', 'PERPLEXITY_API_KEY'],
  [joined('r8', '_', letters(37)), 'Replicate API token', 'REPLICATE_API_TOKEN'],
  [joined('hf', '_', letters(34)), 'Hugging Face access token', 'HF_TOKEN'],
  [joined('gh', 'p_', letters(36)), 'GitHub personal access token', 'GITHUB_TOKEN'],
  [joined('github', '_pat_', letters(22), '_', letters(59)), 'GitHub personal access token', 'GITHUB_TOKEN'],
  [joined('gh', 's_', letters(36)), 'GitHub app or OAuth token', 'GITHUB_TOKEN'],
  [joined('gl', 'pat-', letters(20)), 'GitLab access token', 'GITLAB_TOKEN'],
  [joined('sk', '_live_', letters(24)), 'Stripe secret key, live mode', 'STRIPE_SECRET_KEY'],
  [joined('sk', '_test_', letters(24)), 'Stripe secret key, test mode', 'STRIPE_SECRET_KEY'],
  [joined('rk', '_test_', letters(24)), 'Stripe restricted key, test mode', 'STRIPE_RESTRICTED_KEY'],
  [joined('pk', '_live_', letters(24)), 'Stripe publishable key, live mode', 'STRIPE_PUBLISHABLE_KEY'],
  [joined('wh', 'sec_', letters(32)), 'Stripe webhook secret', 'STRIPE_WEBHOOK_SECRET'],
  [joined('rzp', '_test_', letters(14)), 'Razorpay key id, test mode', 'RAZORPAY_KEY_ID'],
  [joined('sq0', 'atp-', letters(22)), 'Square access token', 'SQUARE_ACCESS_TOKEN'],
  [
    joined('access-', 'sandbox-', hex(8), '-1111-2222-3333-', hex(12)),
    'Plaid access token, test mode',
    'PLAID_ACCESS_TOKEN',
  ],
  [joined('AK', 'IA', upper(16)), 'AWS access key id', 'AWS_ACCESS_KEY_ID'],
  [joined('AI', 'za', letters(35)), 'Google API key', 'GOOGLE_API_KEY'],
  [joined('GOC', 'SPX-', letters(28)), 'Google OAuth client secret', 'GOOGLE_CLIENT_SECRET'],
  ['{\n "type": "service_account",\n "project_id": "x"\n}\n', 'Google service account', 'GOOGLE_SERVICE_ACCOUNT_JSON'],
  [
    joined('DefaultEndpointsProtocol=https;AccountName=x;Account', 'Key=', letters(40)),
    'Azure storage connection',
    'AZURE_STORAGE_CONNECTION_STRING',
  ],
  [joined('dop', '_v1_', hex(64)), 'DigitalOcean access token', 'DIGITALOCEAN_TOKEN'],
  [joined('HR', 'KU-', letters(60)), 'Heroku API key', 'HEROKU_API_KEY'],
  [joined('Fly', 'V1 fm2_', letters(60)), 'Fly.io API token', 'FLY_API_TOKEN'],
  [joined('nf', 'p_', letters(36)), 'Netlify access token', 'NETLIFY_AUTH_TOKEN'],
  [joined('xo', 'xb-', '1234-5678-', letters(24)), 'Slack bot token', 'SLACK_BOT_TOKEN'],
  [joined('xo', 'xp-', '1234-5678-', letters(24)), 'Slack user token', 'SLACK_USER_TOKEN'],
  [joined('xa', 'pp-1-', letters(30)), 'Slack app token', 'SLACK_APP_TOKEN'],
  [joined('https://hooks.', 'slack.com/services/', 'T0/B0/', letters(24)), 'Slack webhook', 'SLACK_WEBHOOK_URL'],
  [joined('https://discord.', 'com/api/webhooks/', '123/', letters(40)), 'Discord webhook', 'DISCORD_WEBHOOK_URL'],
  [joined('123456789', ':', letters(35)), 'Telegram bot token', 'TELEGRAM_BOT_TOKEN'],
  [joined('S', 'K', hex(32)), 'Twilio API key SID', 'TWILIO_API_KEY_SID'],
  [joined('A', 'C', hex(32)), 'Twilio account SID', 'TWILIO_ACCOUNT_SID'],
  [joined('S', 'G.', letters(22), '.', letters(43)), 'SendGrid API key', 'SENDGRID_API_KEY'],
  [joined('key', '-', hex(32)), 'Mailgun API key', 'MAILGUN_API_KEY'],
  [joined(hex(32), '-us', '12'), 'Mailchimp API key', 'MAILCHIMP_API_KEY'],
  [joined('xkey', 'sib-', hex(64), '-', letters(16)), 'Brevo API key', 'BREVO_API_KEY'],
  [joined('re', '_', letters(8), '_', letters(24)), 'Resend API key', 'RESEND_API_KEY'],
  [joined('np', 'm_', letters(36)), 'npm access token', 'NPM_TOKEN'],
  [joined('py', 'pi-', 'AgE', letters(60)), 'PyPI API token', 'PYPI_TOKEN'],
  [joined('ruby', 'gems_', hex(48)), 'RubyGems API key', 'RUBYGEMS_API_KEY'],
  [joined('dckr', '_pat_', letters(27)), 'Docker Hub access token', 'DOCKERHUB_TOKEN'],
  [joined('shp', 'at_', hex(32)), 'Shopify access token', 'SHOPIFY_ACCESS_TOKEN'],
  [joined('shp', 'ss_', hex(32)), 'Shopify shared secret', 'SHOPIFY_API_SECRET'],
  [joined('sntry', 'u_', hex(64)), 'Sentry auth token', 'SENTRY_AUTH_TOKEN'],
  [joined('https://', hex(32), '@o1.ingest.example.com/42'), 'Sentry DSN', 'SENTRY_DSN'],
  [joined('NR', 'AK-', upper(27)), 'New Relic API key', 'NEW_RELIC_API_KEY'],
  [joined('gl', 'sa_', letters(32), '_', hex(8)), 'Grafana service account token', 'GRAFANA_TOKEN'],
  [joined('hv', 's.', letters(60)), 'HashiCorp Vault token', 'VAULT_TOKEN'],
  [joined(letters(14), '.atlas', 'v1.', letters(67)), 'Terraform Cloud API token', 'TERRAFORM_CLOUD_TOKEN'],
  [joined('pu', 'l-', hex(40)), 'Pulumi access token', 'PULUMI_ACCESS_TOKEN'],
  [joined('dp', '.pt.', letters(43)), 'Doppler token', 'DOPPLER_TOKEN'],
  [joined('lin', '_api_', letters(40)), 'Linear API key', 'LINEAR_API_KEY'],
  [joined('nt', 'n_', letters(46)), 'Notion integration token', 'NOTION_TOKEN'],
  [joined('pa', 't', letters(14), '.', hex(64)), 'Airtable access token', 'AIRTABLE_TOKEN'],
  [joined('fig', 'd_', letters(43)), 'Figma access token', 'FIGMA_TOKEN'],
  [joined('PM', 'AK-', hex(24), '-', hex(34)), 'Postman API key', 'POSTMAN_API_KEY'],
  [joined('AT', 'ATT3', letters(186)), 'Atlassian API token', 'ATLASSIAN_API_TOKEN'],
  [joined('sb', 'p_', hex(40)), 'Supabase access token', 'SUPABASE_ACCESS_TOKEN'],
  [joined('pscale', '_tkn_', letters(43)), 'PlanetScale service token', 'PLANETSCALE_TOKEN'],
  [joined('k', 's_', letters(36)), 'Keystore service token', 'KEYSTORE_TOKEN'],
  [
    joined('postgresql', '://', 'app:secret', '@db.example.com:5432/shop'),
    'PostgreSQL address with password',
    'DATABASE_URL',
  ],
  [joined('mysql', '://', 'app:secret', '@db.example.com/shop'), 'MySQL address with password', 'DATABASE_URL'],
  [joined('mongodb+srv', '://', 'app:secret', '@db.example.com/shop'), 'MongoDB address with password', 'MONGODB_URI'],
  [joined('rediss', '://', ':secret', '@cache.example.com:6379'), 'Redis address with password', 'REDIS_URL'],
  [joined('AGE-SECRET', '-KEY-1', upper(58)), 'age secret key', 'AGE_SECRET_KEY'],
  [
    joined('-----BEGIN ', 'PRIVATE KEY-----\n', letters(64), '\n-----END ', 'PRIVATE KEY-----\n'),
    'Private key in PEM',
    'PRIVATE_KEY',
  ],
];

test.each(examples)('example %# is what it is', (value, text, name) => {
  expect(recognise(value)).toMatchObject({ text, name });
});

test('every form has an example', () => {
  const fitting = providers.filter(([, , , , pattern]) => examples.some(([value]) => pattern.test(value.trim())));
  expect(providers.filter((provider) => !fitting.includes(provider))).toEqual([]);
  expect(providers.length).toBeGreaterThanOrEqual(30);
});

test('an ordinary value is nothing', () => {
  for (const value of [
    '',
    ' ',
    'hunter2',
    'correct horse battery staple',
    hex(64),
    letters(40),
    'sk_test_',
    'sk-',
    'https://example.com/',
    '{"type":"x"}',
    'postgresql://db.example.com/shop',
    'ghp_short',
    'x'.repeat(30_000),
  ]) {
    expect(recognise(value), value.slice(0, 40)).toBe(null);
  }
});

test('no form goes back and forth in a long or hostile value, which would take for ever', () => {
  const parts = [
    'a',
    '-',
    'sk_test_',
    '-----BEGIN PRIVATE KEY-----',
    '{"type":"service_account"',
    'postgres://a:',
    ' \n',
  ];
  const hostile = parts.map((part) => part.repeat(20_000 / part.length));
  expect(hostile.map((value) => recognise(value) ?? breakIn(value))).toEqual(parts.map(() => null));
});

describe('a value does not fit its folder', () => {
  const key = (mode: string) => {
    const found = recognise(joined('sk', `_${mode}_`, letters(24)));
    if (!found) throw new Error('not recognised');
    return found;
  };
  test.each([
    ['test', 'shop/prod/STRIPE', 'prod/'],
    ['test', 'Live/eu/STRIPE', 'Live/'],
    ['live', 'shop/staging/STRIPE', 'staging/'],
    ['live', 'dev/STRIPE', 'dev/'],
  ])('a %s key in %s', (mode, name, folder) => {
    expect(misfit(key(mode), name)).toContain(folder);
  });
  test.each([
    ['test', 'shop/dev/STRIPE'],
    ['test', 'shop/prod'],
    ['test', 'product/STRIPE'],
    ['live', 'shop/prod/STRIPE'],
    ['live', ''],
  ])('but does: a %s key as %s', (mode, name) => {
    expect(misfit(key(mode), name)).toBe(null);
  });
  test('where its form says nothing of a mode, nothing is said', () => {
    const found = recognise(joined('gh', 'p_', letters(36)));
    expect(found && misfit(found, 'shop/prod/X')).toBe(null);
  });
});

describe('white space within a value that is one word', () => {
  const token = joined('gh', 'p_', letters(36));
  test.each([
    [`${token.slice(0, 20)}\n${token.slice(20)}`, 'a line break after 20 characters'],
    [`  ${token.slice(0, 8)} ${token.slice(8)}\n`, 'a space after 8 characters'],
    [`${token.slice(0, 10)}   ${token.slice(10, 30)}\r\n${token.slice(30)}`, '3 spaces after 10 characters'],
  ])('is told, and can be taken out: %j', (value, text) => {
    expect(breakIn(value)).toEqual({ text, joined: token });
  });
  test.each([token, ` ${token}\n`, 'two words', 'a\nb', examples.at(-1)?.[0] ?? '', examples[24]?.[0] ?? ''])(
    'is no fault where it may be: %j',
    (value) => {
      expect(breakIn(value)).toBe(null);
    },
  );
});
