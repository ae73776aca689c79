// Identifiers in the shapes that Meta uses.

import { randomBytes, randomInt } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function letters(count) {
  return Array.from(randomBytes(count), (byte) => LETTERS[byte % LETTERS.length]).join('');
}

function digits(count) {
  return Array.from({ length: count }, () => randomInt(10)).join('');
}

/** A real message id has 164 characters and tells capitals from small letters. */
export const messageId = () => 'aWdf' + letters(160);
export const conversationId = () => 'aWdf' + letters(120);
export const accountId = () => '17841' + digits(12);
export const customerId = () => '9' + digits(15);
export const pageId = () => '1' + digits(14);
export const appId = () => '8' + digits(14);
export const appSecret = () => randomBytes(16).toString('hex');
export const pageToken = () => 'EAA' + letters(180);
export const instagramToken = () => 'IGAA' + letters(150);
/** A WhatsApp message id is base64 with its signs: what carries it must keep `+`, `/` and `=`. */
export const whatsappMessageId = () => `wamid.HBgL${randomBytes(38).toString('base64')}`;
export const callId = () => `wacid.HBgL${randomBytes(20).toString('base64')}`;
export const wabaId = () => '1' + digits(14);
export const numberId = () => '1' + digits(14);
export const mediaId = () => '1' + digits(15);
export const templateId = () => '1' + digits(14);
export const groupId = () => letters(32);
/** A business-scoped user id: the country, a dot, letters and digits. */
export const userId = (country = 'NO') => `${country}.${digits(16)}`;
export const traceId = () => 'A' + letters(22);
export const shortId = (prefix) => `${prefix}_${letters(10)}`;
