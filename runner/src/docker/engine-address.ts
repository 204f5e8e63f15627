import type { DockerOptions } from 'dockerode';

const defaultSocket = '/var/run/docker.sock';

export interface EngineAddress {
  readonly options: DockerOptions;
  /** Address in error messages. */
  readonly text: string;
}

/** Parses `DOCKER_HOST`. docker-modem reads TLS material for tcp addresses from `DOCKER_CERT_PATH`. */
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
