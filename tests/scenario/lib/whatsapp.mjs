// WhatsApp's side of a house: a connected number, and webhooks in Meta's shape, signed over their bytes.
import { metaJson, sign } from './house.mjs';

export const webhookPath = '/api/webhooks/whatsapp';

export const numberFields = (n = 1) => ({
  phone_number_id: `10600000000000${n}`, access_token: `EAAW-token-of-number-${n}`, verify_token: `chosen-by-the-user-${n}`,
  app_secret: `whatsapp-app-secret-${n}-0123456789`,
});

export class Number {
  constructor(house, account, fields) { this.house = house; this.account = account; this.fields = fields; this.secret = fields.app_secret; this.next = 0; }

  static async connect(house, fields = numberFields()) {
    const answer = await house.api('POST', house.w('/accounts'), { channel: 'whatsapp', fields });
    if (answer.status !== 201) throw new Error(`connect: ${answer.status} ${answer.text}`);
    return new Number(house, answer.body, fields);
  }

  id() { return `wamid.HBgL${process.pid}${this.fields.phone_number_id}${++this.next}==`; }
  at(ms = Date.now()) { return String(Math.floor(ms / 1000)); }
  from(customer, rest, more = {}) { return { from: customer, id: this.id(), timestamp: this.at(), ...rest, ...more }; }

  value(rest) {
    return { messaging_product: 'whatsapp', metadata: { display_phone_number: '15550001111', phone_number_id: this.fields.phone_number_id }, ...rest };
  }
  change(field, value) { return { object: 'whatsapp_business_account', entry: [{ id: '102290129340398', changes: [{ field, value }] }] }; }
  // messages[] with the contacts that Meta puts beside them.
  messages(messages, contacts) {
    const list = contacts ?? [...new Set(messages.map((m) => m.from).filter(Boolean))].map((id) => ({ profile: { name: `Name ${id}` }, wa_id: id }));
    return this.change('messages', this.value({ contacts: list, messages }));
  }
  status(id, status, recipient, rest = {}) {
    return this.change('messages', this.value({ statuses: [{ id, status, timestamp: this.at(), recipient_id: recipient, ...rest }] }));
  }

  async post(body, { secret = this.secret, signature, raw } = {}) {
    const bytes = raw ?? metaJson(body);
    const value = signature === undefined ? sign(bytes, secret) : signature;
    const answer = await fetch(this.house.url + webhookPath, { method: 'POST', body: bytes,
      headers: { 'Content-Type': 'application/json', ...(value === null ? {} : { 'X-Hub-Signature-256': value }) } });
    return { status: answer.status, text: await answer.text() };
  }
  // Posts messages and gives back what the inbox shows of their sender's conversation, oldest first.
  async receive(...messages) {
    const answer = await this.post(this.messages(messages));
    if (answer.status !== 200) throw new Error(`webhook: ${answer.status} ${answer.text}`);
    return this.shown(messages.find((m) => m.from).from);
  }
  async conversation(customer) { return (await this.house.allConversations()).find((c) => c.channel === 'whatsapp' && c.contact.handle?.replace(/\D/g, '') === customer); }
  async shown(customer) {
    const c = await this.conversation(customer);
    return c === undefined ? [] : (await this.house.messages(c.id)).reverse();
  }
}
