// node sim/main.mjs [--port N] [--callback-url URL] [--whatsapp-callback-url URL] [--demo] [--print-json]
// Prints one line when it is ready; ends on SIGTERM or SIGINT.

import { parseArgs } from 'node:util';
import { makeDemo } from './control/demo.mjs';
import { startSimulator } from './server.mjs';

const { values } = parseArgs({ options: {
  port: { type: 'string', default: '0' }, 'callback-url': { type: 'string' }, 'whatsapp-callback-url': { type: 'string' }, demo: { type: 'boolean', default: false }, 'print-json': { type: 'boolean', default: false },
} });

const simulator = await startSimulator({ port: Number(values.port) });
if (values.demo) makeDemo(simulator.stage, values['callback-url'], values['whatsapp-callback-url']);
const { url, graph_url, instagram_graph_url, phone_url } = simulator;
console.log(values['print-json'] ? JSON.stringify({ url, graph_url, instagram_graph_url, phone_url }) : `the simulator listens on ${url}, its phone is ${phone_url}`);

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, async () => { await simulator.stop(); process.exit(0); });
