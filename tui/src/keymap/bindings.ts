/** Where a key means what its binding says. The most particular place wins. */
export const places = [
  'everywhere',
  'list',
  'fleet',
  'agents',
  'agent',
  'commands',
  'command',
  'alerts',
  'audit',
  'secrets',
  'secret',
  'chat',
] as const;
export type Where = (typeof places)[number];

export interface Binding {
  readonly does: string;
  /** All keys that do it, the one to show first. */
  readonly keys: readonly string[];
  /** One or two words for the last line; not shown there where left out. */
  readonly short?: string;
  /** A sentence fragment for the help. */
  readonly about: string;
  readonly where: readonly Where[];
  /** Whether it changes something outside this screen: off under `--readonly`. */
  readonly writes?: true;
}

const withGateway: readonly Where[] = ['fleet', 'agents', 'agent', 'commands', 'command'];

export const bindings = [
  { does: 'down', keys: ['j', 'down'], about: 'next row', where: ['list', 'command'] },
  { does: 'up', keys: ['k', 'up'], about: 'row before', where: ['list', 'command'] },
  { does: 'half-down', keys: ['ctrl-d'], about: 'half a page down', where: ['list', 'command'] },
  { does: 'half-up', keys: ['ctrl-u'], about: 'half a page up', where: ['list', 'command'] },
  {
    does: 'page-down',
    keys: ['pagedown', 'ctrl-f', 'space'],
    about: 'a page down',
    where: ['list', 'command'],
  },
  { does: 'page-up', keys: ['pageup', 'ctrl-b'], about: 'a page up', where: ['list', 'command'] },
  { does: 'top', keys: ['g', 'home'], about: 'first row', where: ['list', 'command'] },
  { does: 'bottom', keys: ['G', 'end'], about: 'last row', where: ['list', 'command'] },
  {
    does: 'open',
    keys: ['enter', 'l', 'right'],
    short: 'open',
    about: 'open the selected row',
    where: ['fleet', 'agents', 'agent', 'commands', 'alerts', 'secrets'],
  },
  {
    does: 'restart',
    keys: ['R'],
    short: 'restart',
    about: 'restart the gateway',
    where: withGateway,
    writes: true,
  },
  {
    does: 'pause',
    keys: ['p'],
    short: 'pause',
    about: 'pause or resume the gateway',
    where: withGateway,
    writes: true,
  },
  {
    does: 'logs',
    keys: ['L'],
    short: 'logs',
    about: 'tail the gateway’s logs',
    where: withGateway,
    writes: true,
  },
  {
    does: 'status',
    keys: ['S'],
    about: 'ask for the services of the stack',
    where: withGateway,
    writes: true,
  },
  {
    does: 'restart-dispatcher',
    keys: ['D'],
    about: 'restart the dispatcher',
    where: withGateway,
    writes: true,
  },
  {
    does: 'cancel',
    keys: ['x'],
    short: 'cancel',
    about: 'cancel the command',
    where: ['commands', 'command'],
    writes: true,
  },
  {
    does: 'again',
    keys: ['A'],
    short: 'again',
    about: 'run the command again',
    where: ['commands', 'command'],
    writes: true,
  },
  {
    does: 'follow',
    keys: ['f'],
    short: 'follow',
    about: 'follow the output, or stop following',
    where: ['command'],
  },
  { does: 'pager', keys: ['v'], short: 'pager', about: 'open the output in $PAGER', where: ['command'] },
  {
    does: 'acknowledge',
    keys: ['a'],
    short: 'acknowledge',
    about: 'acknowledge the alert',
    where: ['alerts'],
    writes: true,
  },
  {
    does: 'dismiss',
    keys: ['d'],
    short: 'dismiss',
    about: 'dismiss the alert',
    where: ['alerts'],
    writes: true,
  },
  {
    does: 'add-secret',
    keys: ['a'],
    short: 'add',
    about: 'store a new secret',
    where: ['secrets'],
    writes: true,
  },
  {
    does: 'rotate-secret',
    keys: ['R'],
    short: 'rotate',
    about: 'give the secret another value',
    where: ['secrets', 'secret'],
    writes: true,
  },
  {
    does: 'note-secret',
    keys: ['n'],
    short: 'note',
    about: 'write a remark on the secret',
    where: ['secrets', 'secret'],
    writes: true,
  },
  {
    does: 'delete-secret',
    keys: ['d'],
    short: 'delete',
    about: 'delete the secret',
    where: ['secrets', 'secret'],
    writes: true,
  },
  {
    does: 'link-chat',
    keys: ['c'],
    short: 'link',
    about: 'get a code that links your chat account',
    where: ['chat'],
    writes: true,
  },
  {
    does: 'revoke-link',
    keys: ['d'],
    short: 'revoke',
    about: 'revoke the selected link',
    where: ['chat'],
    writes: true,
  },
  {
    does: 'undo',
    keys: ['u'],
    about: 'take back the last action',
    where: ['everywhere'],
    writes: true,
  },
  { does: 'palette', keys: [':'], short: 'act', about: 'do anything by its name', where: ['everywhere'] },
  { does: 'filter', keys: ['/'], short: 'filter', about: 'filter: regex, !not, ~fuzzy', where: ['list'] },
  { does: 'sort', keys: ['o'], about: 'order by the next column', where: ['list'] },
  { does: 'sort-turn', keys: ['O'], about: 'turn the order round', where: ['list'] },
  { does: 'copy', keys: ['y'], about: 'copy the name or id', where: ['everywhere'] },
  { does: 'copy-all', keys: ['Y'], about: 'copy what the screen shows', where: ['everywhere'] },
  { does: 'refresh', keys: ['r', 'ctrl-r'], about: 'read everything anew', where: ['everywhere'] },
  { does: 'screen-1', keys: ['1'], about: 'Fleet', where: ['everywhere'] },
  { does: 'screen-2', keys: ['2'], about: 'Agents', where: ['everywhere'] },
  { does: 'screen-3', keys: ['3'], about: 'Commands', where: ['everywhere'] },
  { does: 'screen-4', keys: ['4'], about: 'Alerts', where: ['everywhere'] },
  { does: 'screen-5', keys: ['5'], about: 'Audit', where: ['everywhere'] },
  { does: 'screen-6', keys: ['6'], about: 'Secrets', where: ['everywhere'] },
  { does: 'screen-7', keys: ['7'], about: 'Chat', where: ['everywhere'] },
  { does: 'screen-next', keys: ['tab'], about: 'next screen', where: ['everywhere'] },
  { does: 'screen-before', keys: ['shift-tab'], about: 'screen before', where: ['everywhere'] },
  {
    does: 'back',
    keys: ['escape', 'h', 'left', 'backspace'],
    about: 'clear the filter, then go back',
    where: ['everywhere'],
  },
  { does: 'mouse', keys: ['m'], about: 'mouse on or off', where: ['everywhere'] },
  { does: 'suspend', keys: ['ctrl-z'], about: 'put HQ into the background', where: ['everywhere'] },
  { does: 'redraw', keys: ['ctrl-l'], about: 'draw the screen anew', where: ['everywhere'] },
  { does: 'help', keys: ['?'], short: 'help', about: 'these keys', where: ['everywhere'] },
  { does: 'quit', keys: ['q', 'ctrl-c'], short: 'quit', about: 'leave HQ', where: ['everywhere'] },
] as const satisfies readonly Binding[];

export type Intent = (typeof bindings)[number]['does'];
