#!/usr/bin/env node
// Works on any Node from 20 on: hands over to the pinned Node.
process.argv.splice(2, 0, 'db/src/cli.ts');
await import('../../scripts/with-node.mjs');
