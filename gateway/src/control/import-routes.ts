import { dropFiles, receiveFiles, waitingFiles } from '../agents/index.ts';
import type { Route } from './route.ts';

const path = /^\/imports\/([^/]+)$/;

/** Routes for the files of agents that are imported. They need no OpenClaw. */
export function importRoutes(stateDirectory: string): readonly Route[] {
  return [
    {
      method: 'PUT',
      path,
      receive: ({ params: [id = ''] }, stream) => receiveFiles(stateDirectory, id, stream),
    },
    { method: 'GET', path, answer: ({ params: [id = ''] }) => waitingFiles(stateDirectory, id) },
    { method: 'DELETE', path, answer: ({ params: [id = ''] }) => dropFiles(stateDirectory, id) },
  ];
}
