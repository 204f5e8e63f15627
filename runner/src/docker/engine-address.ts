import type { DockerOptions } from 'dockerode';

const defaultSocket = '/var/run/docker.sock';

export interface EngineAddress {
  readonly options: DockerOptions;
  /** As an operator would write it. */
  readonly text: string;
}

/** Where a `DOCKER_HOST` points to. TLS material for tcp addresses comes from `DOCKER_CERT_PATH`, which docker-modem reads. */
export function engineAddress(dockerHost: string | undefined): EngineAddress {
  if (dockerHost === undefined || dockerHost.startsWith('unix://')) {
    const socketPath = dockerHost?.slice('unix://'.length) || defaultSocket;
    return { options: { socketPath }, text: socketPath };
  }
  const { protocol, hostname, port } = new URL(dockerHost);
  const isSecure = protocol === 'https:';
  return {
    options: {
      host: hostname,
      port: port === '' ? (isSecure ? 2376 : 2375) : Number(port),
      ...(isSecure ? { protocol: 'https' } : {}),
    },
    text: `${hostname}:${port}`,
  };
}
