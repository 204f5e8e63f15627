// The image has no curl.
const { ok, url, status } = await fetch(`http://127.0.0.1:${process.env.HEALTH_PORT}/healthz`, {
  signal: AbortSignal.timeout(4000),
});
if (!ok) console.error(`${url} answered ${status}`);
process.exit(ok ? 0 : 1);
