// The demo's Meta: an app, a business with its Page and its WhatsApp number, some customers of each. Their ids and secrets are
// constant, so that the database of an earlier `./dev run` meets the same world again. Nothing here is secret: it is a simulator.

import { addTemplate } from '../whatsapp/route.mjs';
import { createNumber, createPerson, createWaba } from '../whatsapp/world.mjs';
import { formFields, showCustomer, showTemplate, whatsappFields } from './show.mjs';

const APP = { id: '811000000000001', name: 'Demo App', secret: '5f0c2a7d9b3e4f61a8d27c90b1e6f354' };
const ACCOUNT = {
  id: '17841400000000001', scoped_id: '9100000000000001', page_id: '100000000000001', page_name: 'Fjord Ceramics', name: 'Fjord Ceramics', username: 'fjord.ceramics',
  picture: 'avatar-shop', token: 'EAADemoPageAccessTokenOfTheSimulatorAndOfNothingElse0001',
};
const CUSTOMERS = [
  { id: '900000000000001', name: 'Ada Example', username: 'ada.example', picture: 'avatar-ada', follower_count: 1200 },
  { id: '900000000000002', name: 'Bjørn Ågesen', username: 'bjorn.builds', picture: 'avatar-bjorn', follower_count: 86 },
  { id: '900000000000003', name: 'Mia Okafor', username: 'mia.paints', picture: 'avatar-mia', follower_count: 5400 },
];

const WABA = { id: '102000000000001', name: 'Fjord Ceramics', token: 'EAADemoSystemUserTokenOfTheSimulatorAndOfNothingElse0002' };
const NUMBER = { id: '106000000000001', display_phone_number: '+47 55 50 01 11', verified_name: 'Fjord Ceramics', coexistence: true };
const PEOPLE = [
  { id: '4790000001', wa_id: '4790000001', user_id: 'NO.1000000000000001', name: 'Ada Example', picture: 'avatar-ada' },
  // Brazil's ninth digit: typed without it, the person is found all the same.
  { id: '5511999990000', wa_id: '5511999990000', aliases: ['551199990000'], user_id: 'BR.1000000000000002', name: 'Rafael Souza', picture: 'avatar-bjorn' },
  { id: 'noor', wa_id: '31600000003', user_id: 'NL.1000000000000003', name: 'Noor de Wit', username: 'noor.pots', hidden: true, picture: 'avatar-mia' },
];

const TEMPLATES = [
  {
    id: '103000000000001', name: 'order_ready', language: 'en_US', category: 'UTILITY', components: [
      { type: 'HEADER', format: 'TEXT', text: 'Your order {{1}}', example: { header_text: ['FC-1042'] } },
      { type: 'BODY', text: 'Hello {{1}}, your order is ready. You can pick it up until {{2}}.', example: { body_text: [['Ada', 'Saturday']] } },
      { type: 'FOOTER', text: 'Fjord Ceramics, Bergen' },
      { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'I will come' }, { type: 'QUICK_REPLY', text: 'Please send it' }] },
    ],
  },
  {
    id: '103000000000002', name: 'new_glazes', language: 'en_US', category: 'MARKETING', parameter_format: 'NAMED', components: [
      { type: 'HEADER', format: 'IMAGE', example: { header_handle: ['https://scontent.whatsapp.net/example'] } },
      { type: 'BODY', text: 'Hello {{first_name}}! The autumn glazes are here.', example: { body_text_named_params: [{ param_name: 'first_name', example: 'Ada' }] } },
      { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Look at them', url: 'https://shop.example/glazes/{{1}}', example: ['https://shop.example/glazes/autumn'] }] },
    ],
  },
  { id: '103000000000003', name: 'we_missed_you', language: 'en_US', category: 'UTILITY', components: [{ type: 'BODY', text: 'Hello, we could not answer you in time. May we write again?' }, { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Yes, please' }] }] },
  { id: '103000000000004', name: 'payment_reminder', language: 'en_US', category: 'UTILITY', status: 'PENDING', components: [{ type: 'BODY', text: 'Hello {{1}}, invoice {{2}} is open.', example: { body_text: [['Ada', '2026-17']] } }] },
];

export function makeDemo(stage, callbackUrl, whatsappCallbackUrl) {
  const { world } = stage, app = world.createApp({ ...APP, callback_url: callbackUrl, whatsapp_callback_url: whatsappCallbackUrl });
  const account = world.createAccount({ app: app.id, backend: 'facebook', ...ACCOUNT });
  const customers = CUSTOMERS.map((one) => world.createCustomer({ account: account.id, ...one }));
  const waba = createWaba(world, { app: app.id, ...WABA }), number = createNumber(world, { waba: waba.id, ...NUMBER });
  const people = PEOPLE.map((one) => createPerson(world, { number: number.id, ...one }));
  const templates = TEMPLATES.map((one) => addTemplate(stage, { waba: waba.id, ...one }));
  stage.demo = { app, account, customers, waba, number, people, templates };
}

export function showDemo(stage) {
  const { app, account, customers, waba, number, people, templates } = stage.demo;
  return {
    app: app.id, account: account.id, fields: formFields(account), customers: customers.map((one) => showCustomer(one, stage)),
    whatsapp: { waba: waba.id, number: number.id, token: waba.token, fields: whatsappFields(number), customers: people.map((one) => showCustomer(one, stage)), templates: templates.map(showTemplate) },
  };
}
