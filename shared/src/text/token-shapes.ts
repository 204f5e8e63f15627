/**
 * Shapes of credentials whose values HQ does not know. A shape needs its issuer's mark, so that uuids, hashes, ids and
 * words pass. None spans a quote or a blank: a redacted line of JSON is still JSON. What the first group matches stays.
 * `mark` is in every text of a shape that is slow to search for. No shape scans a long text again from each of its words.
 */
export interface TokenShape {
  readonly shape: RegExp;
  readonly mark?: string;
}

/** Marks before sixteen or more characters with a digit. */
const marks: readonly string[] = [
  // Model providers: OpenAI, Anthropic, OpenRouter and others; xAI, NVIDIA, Perplexity, Cerebras, Together, LangSmith, Pinecone.
  ...[
    '[srp]k-(?=[\\w-]{20})',
    'xai-',
    'nvapi-',
    'pplx-',
    'csk-',
    'tgp_v1_',
    'lsv2_(?:pt|sk)_',
    'pcsk_',
    'tvly-',
  ],
  // Code and packages: GitHub, GitLab, PyPI, Docker Hub, CircleCI, Postman, Sourcegraph, Buildkite.
  ...[
    'gh[oprsu]_',
    'github_pat_',
    'gl(?:pat|oas|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|wt)-',
    'pypi-(?=[\\w-]{50})',
  ],
  ...['dckr_[op]at_', 'CCIPAT_', 'PMAK-', 'sgp_(?=\\w{40})', 'bkua_'],
  // Hosts: Supabase, Cloudflare, Heroku, PlanetScale, Tailscale.
  ...[
    'sb(?:p|_secret|_publishable)_',
    'cf(?:at|k|ut)_',
    'HRKU-',
    'pscale_(?:oauth|pw|tkn)_',
    'tskey-[a-z]+-',
  ],
  // Payment and mail: Square, Brevo.
  ...['sq0[a-z]{3}-', 'xkeysib-', 'xsmtpsib-'],
  // Work: Slack, Figma, Atlassian, HubSpot, Contentful.
  ...['xox[a-z](?:\\.xox[a-z])?-', 'xapp-', 'fig[dou][_-]', 'AT[ABC]TT3', 'pat-[a-z]{2}\\d-', 'CFPAT-'],
  // Operation: Grafana, Sentry, New Relic, Vault, Doppler, Google's OAuth.
  ...[
    'gl(?:c|sa)_',
    'sntry[su]_',
    'NRAK-',
    'hv[brs]\\.',
    'dp\\.[a-z]{2,5}\\.',
    'GOCSPX-',
    'ya29\\.',
    'AQ\\.Ab',
  ],
];

/** Marks that names in programs have as well, before twenty or more letters and digits alone. */
const weakMarks: readonly string[] = [
  // Groq, Replicate, Fireworks, ElevenLabs, E2B, Firecrawl, Apify.
  ...['gsk_', 'r8_', 'fw_', 'sk_', 'e2b_', 'fc-', 'apify_api_'],
  // npm, RubyGems, SonarQube, Netlify, Render, Neon, Pulumi, DigitalOcean, Databricks, Mailgun, Fly.
  ...[
    'npm_',
    'rubygems_',
    'sq[apu]_',
    'nfp_',
    'rnd_',
    'napi_',
    'pul-',
    'do[oprt]_v1_',
    'dapi',
    'key-',
    'fm[12]_',
  ],
  // Stripe, Clerk, Shopify, Razorpay, Linear, Notion, Typeform.
  ...[
    '[prs]k_(?:live|prod|test)_',
    'whsec_',
    'shp(?:at|ca|pa|ss)_',
    'rzp_(?:live|test)_',
    'lin_(?:api|oauth|wh)_',
  ],
  ...['ntn_', 'tfp_'],
];

const slash = '(?:\\\\?/|%2[Ff])';

/** Names whose value follows `=` or `:`, also at the end of a longer name. */
const names = [
  'authorization|passwd|passphrase|password|secret|connection[_-]?string',
  'api[_-]?key|(?:access|account|encryption|private|secret|service[_-]?role|shared[_-]?access|signing)[_-]?key',
  '(?:access|app|auth|bearer|bot|id|personal|refresh|security|session)[_-]?token|secret[_-]?access[_-]?key',
].join('|');

const quickShapes: readonly RegExp[] = [
  new RegExp(
    `\\b(?:${marks.join('|')})(?=[A-Za-z_-]{0,80}\\d)[\\w-]{16,}(?:\\.[\\w-]{6,}|\\.\\d\\d\\.\\w{9})*`,
    'g',
  ),
  new RegExp(`\\b(?:${weakMarks.join('|')})(?=[A-Za-z]{0,80}\\d)[A-Za-z0-9]{20,}={0,2}`, 'g'),
  // JSON web tokens, signed or encrypted: Supabase keys and access tokens.
  /\beyJ[\w-]{8,1000}(?:\.[\w-]{6,}){1,2}(?:\.[\w-]*){0,3}/g,
  // Google, AWS, Alibaba, Tencent.
  /\bAIza[\w-]{30,}|\bIQoJb3[A-Za-z0-9+/]{80,}={0,2}|\b(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[A-Z0-9]{16}\b|\bLTAI[A-Za-z0-9]{16,}\b|\bAKID[A-Za-z0-9]{32}\b/g,
  // Hugging Face, Twilio, SendGrid, Resend, Notion, Airtable, Postgres's SCRAM, 1Password, age.
  /\b(?:hf_|api_org_)[A-Za-z0-9]{30,}|\bSK[0-9a-f]{32}\b|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}/g,
  /\bsecret_[A-Za-z0-9]{43}\b|\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}|\bSCRAM-SHA-256\$[^\s"']{20,}|\bops_eyJ[\w-]{40,}/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{40,}/g,
  // Telegram, Discord.
  /(?<!\d)\d{6,12}(?::|%3[Aa])[\w-]{30,}/g,
  /\b[MNO][\w-]{22,28}\.[\w-]{6}\.[\w-]{27,}|\bmfa\.[\w-]{60,}/g,
  // Addresses that post as whoever knows them: Slack, Discord, Microsoft.
  new RegExp(`(\\bhooks\\.slack(?:-gov)?\\.com${slash}[a-z]+${slash})[\\w%\\\\/.-]{16,}`, 'g'),
  new RegExp(
    `(\\bdiscord(?:app)?\\.com${slash}api${slash}(?:v\\d+${slash})?(?:webhooks|interactions)${slash})[\\w%\\\\/-]{24,}`,
    'g',
  ),
  new RegExp(`(\\bwebhook\\.office\\.com${slash}webhookb2${slash})[\\w%\\\\/@.-]{24,}`, 'g'),
  // Credentials and signatures in the query of an address.
  /((?:[?&]|\\u0026|&amp;)(?:access_token|api_?key|client_secret|password|refresh_token|sig|signature|token|x-(?:amz|goog)-(?:security-token|signature))=)[^\s"'&<>\\]{8,}/gi,
  // HQ's own envelopes and credentials.
  /\b(?:cred|enc):v1:[\w.-]{16,}/g,
  /(\bbearer\s+)[A-Za-z0-9_.~+/-]{8,}=*/gi,
  // A plain word after "basic" is prose, such as the name of Slack's page Basic Information.
  /(\b[Bb](?:asic|ASIC)\s+)(?![A-Z]?[a-z]+(?![A-Za-z0-9_.~+/=-]))[A-Za-z0-9_.~+/-]{8,}=*/g,
  // Values after the name of a credential.
  new RegExp(
    `((?:${names})(?:\\\\?["'])?\\s*[=:]\\s*(?:\\\\?["'])?)(?!bearer\\b|basic\\b)(?:[^\\s"',;[\\]{}\\\\]|\\\\(?!["'\\\\])){6,}`,
    'gi',
  ),
];

export const tokenShapes: readonly TokenShape[] = [
  ...quickShapes.map((shape) => ({ shape })),
  // User and password in an address.
  { mark: '@', shape: /(\b[a-z][a-z0-9+.-]{0,30}:\\?\/\\?\/[^\s/:@"']*:)[^\s/@"']+(?=@)/gi },
  // Azure: client secrets, DevOps and services.
  { mark: 'Q~', shape: /[\w.~]{3}\dQ~[\w.~-]{31,34}/g },
  { mark: 'AZDO', shape: /\b[A-Za-z0-9]{48,}AZDO[A-Za-z0-9]{4}\b/g },
  { mark: 'JQQJ99', shape: /\b[A-Za-z0-9]{48,}JQQJ99[A-Za-z0-9]{20,30}\b/g },
  // Mailchimp, Terraform.
  { mark: '-us', shape: /\b[0-9a-f]{32}-us\d{1,2}\b/g },
  { mark: '.atlasv1.', shape: /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}/g },
];
