import type { HqClient } from '@hq/shared/client';
import { readAgents, readGateways, readSecrets } from '@hq/shared/queries';
import type { SecretRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { withOverrides } from '../../../secrets/secret-overrides.ts';
import { slugsOf } from '../../documents/document.ts';
import { secretDocument } from '../../documents/secret.ts';
import type { Console } from '../../output/console.ts';

/** Prints a secret that a command has changed: never its value. */
export async function printSecret(
  console: Console,
  client: HqClient,
  secret: SecretRow,
  change: 'stored' | 'rotated' | 'noted' | 'deleted',
  asJson: boolean,
  more: { readonly created?: boolean } = {},
): Promise<void> {
  const [gateways, agents] = await Promise.all([readGateways(client), readAgents(client)]);
  const slugs = { gateways: slugsOf(gateways), agents: slugsOf(agents) };
  if (asJson) {
    const rows = await readSecrets(client, { gatewayId: secret.gateway_id, key: secret.key });
    const row = withOverrides(rows).find(({ id }) => id === secret.id);
    const shown = { overrides: false, overriddenFor: [], ...row, ...secret };
    console.printJson({ secret: secretDocument(shown, slugs), ...more });
    return;
  }
  const agent = secret.agent_id === null ? undefined : slugs.agents.get(secret.agent_id);
  const owner = agent ?? slugs.gateways.get(secret.gateway_id) ?? secret.gateway_id;
  const state = change === 'deleted' ? '' : `, ${secret.sync_status}`;
  console.print(plain(`${secret.key} of ${owner} ${change}${state}`));
}
