// The demo's WhatsApp number, connected in a house that already has its Instagram account: both channels side by side.
import { startStreet } from '../../scenario/lib/street.mjs';

export async function startBothChannels() {
  const s = await startStreet();
  const { fields, customers } = s.demo.whatsapp;
  const made = await s.house.api('POST', s.house.w('/accounts'), { channel: 'whatsapp', fields });
  if (made.status !== 201) throw new Error(`connect: ${made.status} ${made.text}`);
  s.number = made.body;
  const { webhook_url: url, verify_token: token } = made.body;
  const handshake = await s.sim.post('callback', { object: 'whatsapp_business_account', url, verify_token: token });
  if (!handshake.verified) throw new Error(`handshake: ${handshake.reason}`);
  s.people = customers.map((one) => one.id);
  // What a person has on their phone from the business, oldest first.
  s.onPhone = async (person) => (await s.sim.thread(person)).messages.filter((one) => one.from === 'business');
  return s;
}
