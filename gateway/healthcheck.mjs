// The image has no curl. `/readyz` is left out on purpose: one broken channel account would turn it red.
const probes = await Promise.all(
  ['healthz', 'startupz'].map((probe) =>
    fetch(`http://127.0.0.1:18789/${probe}`, { signal: AbortSignal.timeout(4000) }),
  ),
);
const failing = probes.filter(({ ok }) => !ok);
for (const { url, status } of failing) console.error(`${url} answered ${status}`);
process.exit(failing.length === 0 ? 0 : 1);
