// Media by id: uploads of the app, and what people send. An id is exchanged for an address that lives five minutes and wants the token.

import { createHash } from 'node:crypto';
import { mediaId } from '../core/ids.mjs';
import { alike, sniff } from '../core/filetype.mjs';
import { fetchBytes } from '../graph/fetch.mjs';
import { whatsappError } from './error.mjs';

const KB = 1024, MB = 1024 * KB, DAY_MS = 24 * 3600e3;
const OFFICE = ['application/msword', 'application/vnd.ms-excel', 'application/vnd.ms-powerpoint',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation'];

/** What each kind may be, and how large. */
export const KINDS = {
  audio: { types: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'], max: 16 * MB, keys: ['id', 'link', 'voice'] },
  image: { types: ['image/jpeg', 'image/png'], max: 5 * MB, keys: ['id', 'link', 'caption'] },
  video: { types: ['video/mp4', 'video/3gpp'], max: 16 * MB, keys: ['id', 'link', 'caption'] },
  document: { types: ['text/plain', 'application/pdf', ...OFFICE], max: 100 * MB, keys: ['id', 'link', 'caption', 'filename'] },
  sticker: { types: ['image/webp'], max: 500 * KB, keys: ['id', 'link'] },
};
const ALL_TYPES = Object.values(KINDS).flatMap(({ types }) => types);
const UPLOADS_LIVE_MS = 30 * DAY_MS;
const WEBHOOK_IDS_LIVE_MS = 7 * DAY_MS;
const CAPTION_MAX = 1024;
const MAX_ENTRIES = 50_000; // a simulator that is left running stays small

const plain = (type) => (type ?? '').split(';')[0].trim().toLowerCase();
const kindOfType = (type) => Object.entries(KINDS).find(([, { types }]) => types.includes(type))?.[0];

/** POST /PNID/media: the form of an upload. Returns the id. */
export function upload(stage, number, c, params) {
  if (params.messaging_product !== 'whatsapp') throw c.refuse('The parameter messaging_product is required.');
  const file = params.file;
  if (!file?.bytes) throw c.refuse('The parameter file is required.');
  const type = plain(file.type ?? params.type);
  if (!ALL_TYPES.includes(type)) throw c.refuse(`Param file must be a file with one of the following types: ${ALL_TYPES.join(', ')}. Received file of type '${type || 'application/octet-stream'}'.`);
  if (file.bytes.length === 0) throw c.refuse('Param file is empty.');
  const { max } = KINDS[kindOfType(type)];
  if (file.bytes.length > max) throw whatsappError(stage.world, 131053, `The file has ${file.bytes.length} bytes, ${max} are allowed for ${type}.`);
  return keep(stage, number, { type, bytes: file.bytes, name: file.filename || 'file' }, UPLOADS_LIVE_MS).id;
}

/** What a person sends: `media` is a sample's or an uploaded file's name. */
export function receiveMedia(stage, number, media, changes = {}) {
  const file = stage.world.media.file(media);
  if (!file) throw new Error(`there is no file "${media}"`);
  return keep(stage, number, { ...file, asset: media, ...changes }, WEBHOOK_IDS_LIVE_MS);
}

function keep(stage, number, { type, bytes, name, asset }, lifetime) {
  const { world } = stage;
  const entry = {
    id: mediaId(), number, type, name, asset: asset ?? world.media.add({ type, bytes, name }), size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest(), expires_at: world.clock.now() + lifetime, uploaded: lifetime === UPLOADS_LIVE_MS,
  };
  const [oldest] = world.whatsappMedia.keys();
  if (world.whatsappMedia.size >= MAX_ENTRIES) world.whatsappMedia.delete(oldest);
  return world.claim(world.whatsappMedia, entry.id, entry);
}

/** The entry behind an id that has not run out, for whoever may see its account. */
export function lookUpMedia(world, waba, id) {
  const entry = world.whatsappMedia.get(id);
  return entry?.number.waba === waba && entry.expires_at > world.clock.now() ? entry : null;
}

/** GET /MEDIA */
export function mediaAnswer(stage, entry, { url = mediaUrl(stage, entry) } = {}) {
  const { options } = stage.world;
  return {
    messaging_product: 'whatsapp', url, mime_type: entry.type, sha256: entry.sha256.toString(options.media_sha256),
    file_size: options.file_size_as_text ? String(entry.size) : entry.size, id: entry.id,
  };
}

export function mediaUrl({ world }, entry) {
  const expiry = Math.floor((world.clock.now() + world.options.media_url_ms) / 1000);
  return `${world.media.base}/whatsapp_business/attachments/?mid=${entry.id}&source=getMedia&ext=${expiry}&hash=${world.media.sign(`${entry.id} ${expiry}`)}`;
}

/** The bytes behind such an address: `{ status, reason }` or `{ status: 200, file, entry }`. */
export function openMediaUrl({ world }, headers, query) {
  const id = query.get('mid') ?? '', expiry = query.get('ext') ?? '';
  const token = world.tokens.get(/^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]);
  if (!token || token.kind !== 'system' || token.trouble || (token.expires_at !== 0 && token.expires_at <= world.clock.now())) return { status: 401, reason: 'Authentication Error' };
  if (world.options.media_needs_user_agent && !headers['user-agent']) return { status: 403, reason: 'Forbidden' };
  if (query.get('hash') !== world.media.sign(`${id} ${expiry}`) || Number(expiry) * 1000 < world.clock.now()) return { status: 404, reason: 'Not Found' };
  const entry = lookUpMedia(world, token.waba, id), file = entry && world.media.file(entry.asset);
  return file ? { status: 200, file: { ...file, type: entry.type }, entry } : { status: 404, reason: 'Not Found' };
}

/** The media of a message by id or by link. A file that does not fit fails only later, as Meta has it. */
export async function readMedia(c, params, context, type) {
  const { stage, number } = context, { keys } = KINDS[type], given = c.object(params[type], type, keys);
  if ((given.id === undefined) === (given.link === undefined)) throw c.refuse(`Param ${type} must have either "id" or "link".`);
  const caption = c.text(given.caption, `${type}['caption']`, CAPTION_MAX, { required: false });
  const filename = c.text(given.filename, `${type}['filename']`, 240, { required: false });
  if (given.voice !== undefined && typeof given.voice !== 'boolean') throw c.refuse("Param audio['voice'] must be a boolean.");
  const { file, problem } = given.id === undefined ? await fetchLink(c, stage, given.link, type) : byId(c, stage, number, given.id, type);
  const failure = problem ?? misfit(type, file, given.voice === true);
  const attachment = { type, url: file ? stage.mediaUrl(file.asset) : null, media: file?.asset ?? null, payload: { title: filename ?? undefined, voice: given.voice === true, mime_type: file?.type } };
  return { text: caption, attachments: [attachment], failure: failure ? { code: 131053, details: failure } : null };
}

function byId(c, stage, number, id, type) {
  const entry = typeof id === 'string' || typeof id === 'number' ? lookUpMedia(stage.world, number.waba, String(id)) : null;
  if (!entry) throw c.refuse(`Param ${type}['id'] is not a valid whatsapp business account media attachment ID`);
  return { file: { ...stage.world.media.file(entry.asset), type: entry.type, asset: entry.asset } };
}

async function fetchLink(c, stage, link, type) {
  c.text(link, `${type}['link']`, 2000);
  if (!/^https?:\/\//.test(link)) throw c.refuse(`Param ${type}['link'] is not a valid URI.`);
  if (stage.world.options.media_fetch === 'trust') return { file: null, problem: null };
  const answer = await fetchBytes(stage.world.options, link, KINDS[type].max);
  if (answer.problem) return { file: null, problem: `Downloading media from weblink failed with ${answer.problem}` };
  return { file: { type: answer.type, bytes: answer.bytes, asset: stage.world.media.add({ type: answer.type, bytes: answer.bytes, name: type }) } };
}

/** Why a file is not what its kind takes, or null. */
function misfit(kind, file, voice) {
  if (!file?.bytes) return file === null ? null : 'The media is not there any more.';
  const { types, max } = KINDS[kind], told = plain(file.type), real = sniff(file.bytes);
  if (!types.includes(told)) return `Media type ${told} is not supported for ${kind}.`;
  if (file.bytes.length > max) return `The file has ${file.bytes.length} bytes, ${max} are allowed.`;
  if (!alike(told, real.type)) return `The file is announced as ${told} and is ${real.type ?? 'nothing known'}.`;
  if (kind === 'image' && real.type === 'image/png' && real.bits !== undefined && !(real.bits === 8 && real.rgb)) return 'Images must be 8-bit, RGB or RGBA.';
  if (kind === 'sticker' && !real.animated && file.bytes.length > 100 * KB) return 'A static sticker has at most 100 KB.';
  if (real.type === 'audio/ogg' && !(real.opus && real.channels === 1)) return 'audio/ogg must be opus, mono.';
  return voice && real.type !== 'audio/ogg' ? 'A voice message must be audio/ogg with opus.' : null;
}
