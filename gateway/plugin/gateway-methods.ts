import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry';
import type { Services } from './services.ts';

/** Methods of OpenClaw's WebSocket for HQ's control API. Pairing codes are approvals: only the operator reads them. */
export function registerGatewayMethods(api: OpenClawPluginApi, services: Services): void {
  const { records, pairings, outbox } = services;
  api.registerGatewayMethod(
    'hq.ping',
    ({ respond }) =>
      respond(true, {
        agents: records.ids().filter((id) => records.find(id) !== null),
        database: services.api !== null,
        waiting: outbox.names().length,
      }),
    { scope: 'operator.read' },
  );
  api.registerGatewayMethod('hq.pairings', ({ respond }) => respond(true, { requests: pairings.list() }), {
    scope: 'operator.admin',
  });
}
