// The demo's Meta: an app, a business with its Page, three customers. Their ids and secrets are constant, so that the database of
// an earlier `./dev run` meets the same world again. Nothing here is secret: it is a simulator.

import { formFields, showCustomer } from './show.mjs';

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

export function makeDemo(stage, callbackUrl) {
  const app = stage.world.createApp({ ...APP, callback_url: callbackUrl });
  const account = stage.world.createAccount({ app: app.id, backend: 'facebook', ...ACCOUNT });
  const customers = CUSTOMERS.map((one) => stage.world.createCustomer({ account: account.id, ...one }));
  stage.demo = { app, account, customers };
}

export function showDemo(stage) {
  const { app, account, customers } = stage.demo;
  return { app: app.id, account: account.id, fields: formFields(account), customers: customers.map((one) => showCustomer(one, stage)) };
}
