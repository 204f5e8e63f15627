import type { AddCommand } from '../command.ts';

/** Commands in the order of the help. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  status: async () => (await import('./status.ts')).addStatus,
  gateways: async () => (await import('./gateways.ts')).addGateways,
  agents: async () => (await import('./agents.ts')).addAgents,
  commands: async () => (await import('./commands.ts')).addCommands,
  alerts: async () => (await import('./alerts.ts')).addAlerts,
  pairings: async () => (await import('./pairings.ts')).addPairings,
  needs: async () => (await import('./needs.ts')).addNeeds,
  tasks: async () => (await import('./tasks.ts')).addTasks,
  inbox: async () => (await import('./inbox.ts')).addInbox,
  usage: async () => (await import('./usage.ts')).addUsage,
  answer: async () => (await import('./answer.ts')).addAnswer,
  audit: async () => (await import('./audit.ts')).addAudit,
  run: async () => (await import('./run.ts')).addRun,
  'stop-all': async () => (await import('./stop-all.ts')).addStopAll,
  'resume-all': async () => (await import('./stop-all.ts')).addResumeAll,
  watch: async () => (await import('./watch.ts')).addWatch,
  cancel: async () => (await import('./cancel.ts')).addCancel,
  secrets: async () => (await import('./secrets/index.ts')).addSecrets,
  chat: async () => (await import('./chat/index.ts')).addChat,
  login: async () => (await import('./login.ts')).addLogin,
  logout: async () => (await import('./logout.ts')).addLogout,
  doctor: async () => (await import('./doctor.ts')).addDoctor,
  whoami: async () => (await import('./whoami.ts')).addWhoami,
  completion: async () => (await import('./completion.ts')).addCompletion,
  complete: async () => (await import('./complete.ts')).addComplete,
};

/** Loads the command that the arguments name. Help, unknown words and the completion of a command's name need all of them. */
export function loadCommands(args: readonly string[]): Promise<AddCommand[]> {
  const [first = '', ...words] = args.filter((word) => !word.startsWith('-'));
  const [completed = ''] = words;
  const isCompleted = words.length > 1 && Object.hasOwn(commands, completed);
  const isEnough = Object.hasOwn(commands, first) && (first !== 'complete' || isCompleted);
  const needed = first === 'complete' ? [first, completed] : [first];
  return Promise.all(
    Object.entries(commands).flatMap(([name, load]) => (!isEnough || needed.includes(name) ? [load()] : [])),
  );
}
