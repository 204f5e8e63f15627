import type { DockerOptions } from 'dockerode';

const defaultSocket = '/var/run/docker.sock';

/**
 * Parses `DOCKER_HOST`; `text` is the address in error messages. docker-modem reads TLS material for tcp addresses from
 * `DOCKER_CERT_PATH`.
 */
export function engineAddress(dockerHost: string | undefined): { options: DockerOptions; text: string } {
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
