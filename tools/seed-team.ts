/** Whom and what `npm run seed` makes: people, their keys, and the projects that they share. All values are clearly fake. */

interface KeyFields {
  description: string;
  /** From the day of the seed; less than 0 if it has expired. */
  expires_in_days?: number;
  rotate_every_days?: number;
  labels?: Record<string, string>;
}

/** Keys by their names, each with its description or with more. */
type Keys = Record<string, string | KeyFields>;

/** Each person, with their personal keys. */
export const team: Record<string, Keys> = {
  mira: {
    CLOUDFLARE_API_TOKEN: 'DNS and deployments, zone example.com',
    GITHUB_ORG_TOKEN: {
      description: 'read-only, for the release notes',
      expires_in_days: 23,
      labels: { scope: 'read' },
    },
    TERRAFORM_CLOUD_TOKEN: 'plans and applies for production',
  },
  jonas: {
    STRIPE_SECRET_KEY: { description: 'payments, live mode. Rotate every quarter', rotate_every_days: 90 },
    STRIPE_WEBHOOK_SECRET: 'signs what Stripe sends to /hooks/stripe',
  },
  amara: {
    OPENAI_API_KEY: 'summaries in the support inbox, limited to 50 USD a month',
    ANTHROPIC_API_KEY: { description: 'evaluation', expires_in_days: 6 },
    HUGGINGFACE_TOKEN: 'downloads of models in CI',
  },
  luca: {
    SENDGRID_API_KEY: 'receipts and password resets',
    TWILIO_AUTH_TOKEN: 'text messages on call',
    SLACK_BOT_TOKEN: 'the bot in #deployments',
    SENTRY_AUTH_TOKEN: 'uploads of source maps',
  },
  yuki: { DATADOG_API_KEY: 'metrics of every server', PAGERDUTY_ROUTING_KEY: '' },
  tomas: { AWS_ACCESS_KEY_ID: 'backup bucket', AWS_SECRET_ACCESS_KEY: 'backup bucket' },
  intern: {},
};

export const teamAdmin = 'mira';

interface Project {
  description: string;
  /** Who makes it. */
  manager: string;
  members: Record<string, 'viewer' | 'editor' | 'manager'>;
  /** Who adds the keys. */
  editor: string;
  keys: Keys;
}

/** The same keys in each environment, labelled with it. In production they are rotated. */
function inEach(environments: readonly string[], keys: Record<string, string>): Keys {
  return Object.fromEntries(
    environments.flatMap((env) =>
      Object.entries(keys).map(([name, description]) => [
        `${env}/${name}`,
        { description: `${description}, ${env}`, labels: { env }, ...(env === 'prod' && { rotate_every_days: 90 }) },
      ]),
    ),
  );
}

/** Each project, with its keys by their names in it. */
export const projects: Record<string, Project> = {
  shop: {
    description: 'The web shop and its suppliers',
    manager: 'jonas',
    members: { luca: 'editor', amara: 'viewer', intern: 'viewer' },
    editor: 'luca',
    keys: {
      ...inEach(['dev', 'staging', 'prod'], {
        DATABASE_URL: 'PostgreSQL of the shop',
        REDIS_URL: 'sessions and carts',
        STRIPE_SECRET_KEY: 'payments',
      }),
      'prod/CARRIER_API_KEY': {
        description: 'labels for parcels',
        expires_in_days: 6,
        labels: { env: 'prod', owner: 'logistics' },
      },
    },
  },
  platform: {
    description: 'Servers, backups and what watches them',
    manager: teamAdmin,
    members: { tomas: 'manager', yuki: 'editor', jonas: 'viewer' },
    editor: 'yuki',
    keys: {
      ...inEach(['staging', 'prod'], { GRAFANA_TOKEN: 'dashboards', BACKUP_PASSPHRASE: 'nightly backups' }),
      'prod/VPN_CERTIFICATE_KEY': { description: 'the office network', expires_in_days: -2, labels: { env: 'prod' } },
    },
  },
  support: {
    description: 'The inbox and the help pages',
    manager: 'amara',
    members: { luca: 'editor' },
    editor: 'amara',
    keys: { ZENDESK_API_TOKEN: 'tickets', 'prod/SMTP_PASSWORD': { description: 'answers', labels: { env: 'prod' } } },
  },
};

/** Keys that somebody adds and deletes again: they are in the trash. */
export const deleted: readonly { by: string; name: string; description: string }[] = [
  { by: 'luca', name: 'shop/staging/PAYPAL_CLIENT_SECRET', description: 'the shop takes no PayPal any more' },
  { by: 'luca', name: 'MAILCHIMP_API_KEY', description: 'the old newsletter' },
];

/** The whole names of the keys of a project. */
export function namesIn(project: string): string[] {
  return Object.keys(projects[project]?.keys ?? {}).map((name) => `${project}/${name}`);
}

/** The body that adds a key. */
export function bodyOf(key_name: string, given: string | KeyFields) {
  const { description, expires_in_days, ...fields } = typeof given === 'string' ? { description: given } : given;
  const expires_at = expires_in_days === undefined ? undefined : dayAfter(expires_in_days);
  return { key_name, api_key: exampleValue(key_name), description, expires_at, ...fields };
}

export function exampleValue(name: string): string {
  return `example-${name.toLowerCase().replace(/[^a-z]+/g, '-')}-not-a-real-value`;
}

function dayAfter(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}
