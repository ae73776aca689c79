// Brings the parts together: the world, its webhooks and its weather.

import { World } from './world.mjs';
import { Delivery } from '../webhook/delivery.mjs';
import { Weather } from './weather.mjs';

export class Stage {
  constructor() {
    this.world = new World();
    this.delivery = new Delivery(this.world);
    this.weather = new Weather(this.world);
    this.heldEchoes = [];
    this.heldStatuses = []; // of WhatsApp messages
    this.elsewhere = []; // what came to the address that redirects lead to
    this.demo = null;
  }

  /** Sends an event of a customer's thread, unless the app is still in development and the person has no role in it. */
  emit(customer, event, { force = false } = {}) {
    const { account } = customer;
    const unheard = !account.app.live && !customer.has_role;
    return this.delivery.emit(account, event, { force, drop: unheard ? 'the app is not Live and the person has no role in it' : null });
  }

  /** An address that nobody must fetch, when the weather has one for the media of `account`; else null. */
  privateUrl(account, customer) {
    const fault = this.weather.take({ name: 'media_in_webhook', account, customer: customer.id });
    return fault?.location ?? null;
  }

  mediaUrl(id) {
    return this.world.media.url(id, this.world.options.media_lifetime_ms);
  }

  reset() {
    this.world.reset();
    this.delivery.reset();
    this.weather.clear();
    this.heldEchoes = [];
    this.heldStatuses = [];
    this.elsewhere = [];
  }
}
