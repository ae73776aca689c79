// Templates: how they are listed and reviewed, and whether what a call fills in fits them.

import { characters, isObject } from './check.mjs';
import { whatsappError } from './error.mjs';
import { readMedia } from './media.mjs';
import { emitField } from './value.mjs';
import { templatesOf } from './world.mjs';

const TEMPLATE_STATUSES = ['APPROVED', 'PENDING', 'REJECTED', 'PAUSED', 'DISABLED', 'IN_APPEAL', 'FLAGGED'];
const MEDIA_FORMATS = ['IMAGE', 'VIDEO', 'DOCUMENT'];
const BODY_MAX = 1024;
const HEADER_MAX = 60;

const variables = (text) => [...new Set([...(text ?? '').matchAll(/\{\{\s*([A-Za-z0-9_]+)\s*\}\}/g)].map(([, name]) => name))];
const part = (template, type) => template.components.find((one) => one.type === type);

/** Checks a template message; resolves to what the person will see. */
export async function readTemplate(c, { template: given }, context) {
  c.object(given, 'template', ['name', 'language', 'components', 'namespace']);
  const name = c.text(given.name, "template['name']", 512);
  c.object(given.language, "template['language']", ['code', 'policy']);
  const code = c.text(given.language.code, "template['language']['code']", 20);
  const template = usable(context, name, code);
  const filled = readComponents(c, given.components ?? []);
  const named = template.parameter_format === 'NAMED', fail = (number, details) => whatsappError(context.world, number, details);
  const fill = (type, max) => fillText({ c, fail, named, type, max, text: part(template, type)?.text, parameters: filled[type.toLowerCase()]?.parameters });
  const header = await readHeader(c, fail, part(template, 'HEADER'), filled.header, context, () => fill('HEADER', HEADER_MAX));
  const body = fill('BODY', BODY_MAX);
  return {
    text: body, header: header.text, attachments: header.attachments ?? [], failure: header.failure ?? null, footer: part(template, 'FOOTER')?.text ?? null,
    buttons: readButtons(c, fail, part(template, 'BUTTONS')?.buttons ?? [], filled.buttons), template: name, category: template.category.toLowerCase(),
  };
}

function usable({ world, number }, name, code) {
  const known = templatesOf(world, number.waba).filter((one) => one.name === name), template = known.find((one) => one.language === code);
  if (!template) throw whatsappError(world, 132001, known.length > 0 ? `template name (${name}) does not exist in ${code}` : `template name (${name}) does not exist in the account`);
  if (template.status === 'PAUSED') throw whatsappError(world, 132015, `template (${name}) is paused`);
  if (template.status === 'DISABLED') throw whatsappError(world, 132016, `template (${name}) is disabled`);
  if (!['APPROVED', 'FLAGGED'].includes(template.status)) throw whatsappError(world, 132001, `template (${name}) in ${code} is not approved: ${template.status}`);
  return template;
}

function readComponents(c, components) {
  if (!Array.isArray(components)) throw c.refuse("Param template['components'] must be an array.");
  const filled = { header: null, body: null, buttons: new Map() };
  for (const [at, one] of components.entries()) {
    const name = `template['components'][${at}]`;
    c.object(one, name, ['type', 'parameters', 'sub_type', 'index']);
    const type = c.oneOf(String(one.type).toLowerCase(), `${name}['type']`, ['header', 'body', 'button', 'footer']);
    if (one.parameters !== undefined && (!Array.isArray(one.parameters) || !one.parameters.every(isObject))) throw c.refuse(`Param ${name}['parameters'] must be an array of objects.`);
    if (type === 'button') {
      c.oneOf(String(one.sub_type).toLowerCase(), `${name}['sub_type']`, ['quick_reply', 'url', 'copy_code', 'flow']);
      if (!/^\d$/.test(String(one.index))) throw c.bad(`${name}['index']`, 'must be a number from 0 to 9');
      filled.buttons.set(Number(one.index), { sub_type: String(one.sub_type).toLowerCase(), parameters: one.parameters ?? [] });
    } else filled[type] = { parameters: one.parameters ?? [] };
  }
  return filled;
}

/** Puts the parameters into a text. Their count must match exactly: 132000; their kind too: 132012. */
function fillText({ fail, named, type, max, text, parameters = [] }) {
  const wanted = variables(text), name = type.toLowerCase();
  if (parameters.length !== wanted.length) throw fail(132000, `${name}: number of localizable_params (${parameters.length}) does not match the expected number of params (${wanted.length})`);
  const values = new Map(parameters.map((one, at) => [named ? one.parameter_name : wanted[at], valueOf(fail, one, name)]));
  const missing = wanted.find((one) => !values.has(one));
  if (missing !== undefined) throw fail(132012, `${name}: Parameter name is missing or empty: ${missing}`);
  const done = (text ?? '').replace(/\{\{\s*([A-Za-z0-9_]+)\s*\}\}/g, (_, one) => values.get(one));
  if (characters(done) > max) throw fail(132005, `${name}: the text has ${characters(done)} characters, ${max} are allowed`);
  return text === undefined ? null : done;
}

function valueOf(fail, parameter, name) {
  if (!['text', 'currency', 'date_time'].includes(parameter.type)) throw fail(132012, `${name}: Format mismatch, expected TEXT, received ${String(parameter.type ?? 'UNKNOWN').toUpperCase()}`);
  const value = parameter.type === 'text' ? parameter.text : parameter[parameter.type]?.fallback_value;
  if (typeof value !== 'string' || value === '') throw fail(131008, `${name}: Parameter of type text is missing text value`);
  if (/[\n\t]| {5,}/.test(value)) throw fail(132018, `${name}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces`);
  return value;
}

async function readHeader(c, fail, header, filled, context, fillHeader) {
  const format = header?.format ?? 'TEXT';
  if (!MEDIA_FORMATS.includes(format)) return { text: fillHeader() };
  const type = format.toLowerCase(), parameters = filled?.parameters ?? [];
  if (parameters.length !== 1) throw fail(132012, `header: Format mismatch, expected ${format}, received UNKNOWN`);
  if (parameters[0].type !== type) throw fail(132012, `header: Format mismatch, expected ${format}, received ${String(parameters[0].type).toUpperCase()}`);
  return { text: null, ...await readMedia(c, { [type]: parameters[0][type] }, context, type) };
}

function readButtons(c, fail, buttons, filled) {
  const strange = [...filled.keys()].find((at) => at >= buttons.length);
  if (strange !== undefined) throw fail(132000, `buttons: there is no button at index ${strange}`);
  return buttons.map((button, at) => {
    const given = filled.get(at), parameter = given?.parameters[0];
    if (given && given.sub_type !== String(button.type).toLowerCase()) throw fail(132012, `button at index ${at}: expected ${button.type}, received ${given.sub_type.toUpperCase()}`);
    if (button.type === 'QUICK_REPLY') return { kind: 'button', title: button.text, payload: parameter?.payload ?? button.text };
    if (button.type !== 'URL') return { kind: 'phone', title: button.text };
    const wanted = variables(button.url);
    if (wanted.length > 0 && typeof parameter?.text !== 'string') throw fail(131008, `buttons: Button at index ${at} of type Url requires a parameter`);
    return { kind: 'url', title: button.text, url: wanted.length > 0 ? button.url.replace(/\{\{.*?\}\}/, parameter.text) : button.url };
  });
}

/** Meta has looked at a template: its status changes, and a webhook tells it. */
export function reviewTemplate(stage, template, status, reason) {
  if (!TEMPLATE_STATUSES.includes(status)) throw new Error(`"status" is one of ${TEMPLATE_STATUSES.join(', ')}`);
  template.status = status;
  template.reason = reason ?? (status === 'REJECTED' ? 'INVALID_FORMAT' : 'NONE');
  stage.world.watch.touch({ topic: 'template' });
  return emitField(stage, template.waba, 'message_template_status_update', {
    event: status, message_template_id: Number(template.id), message_template_name: template.name, message_template_language: template.language,
    reason: template.reason, message_template_category: template.category,
  });
}

/** POST /WABA/message_templates: a new template waits for its review. */
export function readNewTemplate(c, params) {
  const name = c.text(params.name, 'name', 512), language = c.text(params.language, 'language', 20);
  if (!/^[a-z0-9_]+$/.test(name)) throw c.bad('name', 'may have small letters, digits and underscores only');
  const category = c.oneOf(params.category, 'category', ['AUTHENTICATION', 'MARKETING', 'UTILITY']);
  const components = c.list(params.components, 'components', 1, 10);
  if (!components.some((one) => one?.type === 'BODY' && typeof one.text === 'string' && one.text !== '')) throw c.missing("components['BODY']");
  return { name, language, category, components, parameter_format: params.parameter_format ?? 'POSITIONAL', status: 'PENDING' };
}
