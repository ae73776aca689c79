// A house with the simulated Meta across the street: the demo's business is connected, its webhooks arrive.
import { Simulator } from '../../../sim/client.mjs';
import { House, until } from './house.mjs';

export async function startStreet(options = {}) {
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
  street.becomes = (conversation, id, ...states) => until(() => street.message(conversation, id), (m) => states.includes(m?.status), 40_000);
  // What the customer has got from the business, oldest first.
  street.got = async (customer) => (await sim.thread(customer)).messages.filter((m) => m.from === 'business').map((m) => m.text);
  return street;
}
