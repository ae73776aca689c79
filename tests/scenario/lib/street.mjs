// A house with the simulated Meta across the street: the demo's business is connected, its webhooks arrive. With
// `whatsapp: true` its WhatsApp number too. What the helpers do is in sim/README.md.
import { Simulator } from '../../../sim/client.mjs';
import { House, until } from './house.mjs';

export async function startStreet({ whatsapp = false, ...options } = {}) {
  const sim = await Simulator.start();
  const demo = await sim.get('demo');
  const house = await House.start({ graph: { graph_url: sim.graph_url, instagram_graph_url: sim.instagram_graph_url }, fields: demo.fields, ...options });
  const handshake = await sim.post('callback', { url: house.account.webhook_url, verify_token: house.account.verify_token });
  if (!handshake.verified) throw new Error(`handshake: ${handshake.reason}`);
  const street = { sim, demo, house, customers: demo.customers.map((c) => c.id), stop: async () => { await house.stop(); await sim.stop(); } };

  // The conversation with a customer who has just written.
  street.meet = async (customer, text = 'Hello?') => {
    await sim.act(customer, 'text', { text });
    return until(() => house.allConversations(), (list) => list.some((c) => c.last_message?.text === text)).then((list) => list.find((c) => c.last_message?.text === text));
  };
  street.reply = (conversation, body) => house.api('POST', house.w(`/conversations/${conversation.id}/messages`), body);
  street.message = async (conversation, id) => (await house.messages(conversation.id)).find((m) => m.id === id);
  // Waits until a message has one of these states.
  street.becomes = (conversation, id, ...states) => until(() => street.message(conversation, id), (m) => states.includes(m?.status));
  // What the customer has got from the business, oldest first.
  street.got = async (customer) => (await sim.thread(customer)).messages.filter((m) => m.from === 'business').map((m) => m.text);

  // The customer does something in the app (kinds: `GET acts`, with channel=whatsapp for people there); resolves to what the phone
  // shows of it, once its webhook is acknowledged.
  street.says = async (customer, kind, more = {}) => (await sim.act(customer, kind, more)).message;
  // What the inbox shows of a message that the customer sent, or that the customer got: by its id at Meta.
  street.shown = (conversation, external, passes = () => true) =>
    until(async () => (await house.messages(conversation.id)).find((m) => m.external_id === external), (m) => m !== undefined && passes(m));
  // Waits until the customer sees a message that passes.
  street.sees = (customer, passes, ms = 60_000) =>
    until(async () => (await sim.thread(customer)).messages.find((m) => m.from === 'business' && passes(m)), (m) => m !== undefined, ms);
  // Makes bad weather; `GET weather` lists the presets. The sky clears by itself after `times` (usually once).
  street.weather = (preset, more = {}) => sim.weather(preset, more);
  street.hoursPass = (hours) => sim.post('clock', { advance_ms: hours * 3600e3 });

  if (whatsapp) street.whatsapp = await connectNumber(street);
  return street;
}

// Connects the demo's WhatsApp number as its Configure form asks, and saves the callback in the dashboard.
async function connectNumber({ sim, demo, house }) {
  const answer = await house.api('POST', house.w('/accounts'), { channel: 'whatsapp', fields: demo.whatsapp.fields });
  if (answer.status !== 201) throw new Error(`connect: ${answer.status} ${answer.text}`);
  const handshake = await sim.post('callback', { object: 'whatsapp_business_account', url: answer.body.webhook_url, verify_token: answer.body.verify_token });
  if (!handshake.verified) throw new Error(`handshake of WhatsApp: ${handshake.reason}`);
  await sim.post('options', { pair_burst: 0 }); // whoever tests the pair limit sets it
  return {
    account: answer.body, ...demo.whatsapp, people: demo.whatsapp.customers.map((one) => one.id),
    // Waits for a status of a message of the business: by its `text`, by its `message` id, or by what the server calls it (`callback_data`).
    becomes: async (status, which) => {
      const { timeout, message } = await sim.get('wait/status', { ...which, status, timeout_ms: 60_000 });
      if (timeout) throw new Error(`no message of the business became ${status}: ${JSON.stringify(which)}`);
      return message;
    },
  };
}
