// The switches of the simulator, their defaults and their allowed values.
// "Meta" in the comments is what the public documentation says; the rest is weather.

const DEFAULTS = {
  // Webhooks
  answer_timeout_ms: 5000, // Meta waits five seconds for a 200
  retry_ms: [0, 10e3, 60e3, 5 * 60e3, 15 * 60e3, 30 * 60e3, 3600e3, 2 * 3600e3, 4 * 3600e3, 8 * 3600e3, 12 * 3600e3],
  give_up_after_ms: 36 * 3600e3,
  whatsapp_give_up_after_ms: 7 * 24 * 3600e3,
  unsubscribe_after_ms: 3600e3, // 0: never
  time_scale: 1, // multiplies every delay of this block except the answer timeout
  escape_slash: false,
  outer_array: false,
  object: 'instagram',
  batch_max: 1,
  per_entry: 1000,
  parallel: 1,
  duplicates: 0,
  hold: false,
  disorder: false,
  disorder_ms: 1500,
  num_edit_as_number: false,

  // Echoes of what was sent by the API
  echo: 'before',
  echo_delay_ms: 1000,
  echo_app_id: false,

  // Graph
  send_per_second: 100, // 0: no limit, as in the next line
  conversations_per_second: 2,
  invalid_token_status: 401,
  human_agent_missing: { code: 10, subcode: null },
  reaction_opens_window: false,
  proof_on_instagram: true,
  me_as_data_array: false,
  renewed_token: 'same', // what way B's renewal gives; 'new': another one, the old one lives on
  media_fetch: 'loopback', // what an app sends by its address is fetched, from this machine; 'trust': not at all
  media_timeout_ms: 75e3,
  media_lifetime_ms: 4 * 24 * 3600e3,

  // WhatsApp: what becomes of a message
  statuses: 'after', // when `sent` comes, seen from the answer to the send
  status_delay_ms: 1000, // of 'delayed'
  status_order: 'usual', // 'reversed': `delivered` overtakes `sent`
  skip_delivered: false, // Meta leaves it out when a message is read at once
  auto_deliver: true,
  auto_read: false,
  status_twice: false,
  status_contacts: true,
  conversation_objects: false, // gone since v24.0
  errors: 'async', // how a refusal of what was sent comes: as a status, or as the answer
  fail_after_sent: false,
  message_status: true, // whether the answer of a template tells it

  // WhatsApp: webhooks
  bsuid: true, // they carry the business-scoped user id
  merge_values: false, // a batch's messages of one number in one value
  webhook_media_url: true, // rolled out since 2025-11
  timestamp_as_number: false,

  // WhatsApp: limits and media
  throughput_per_second: 80, // in and out; 0: no limit, as in the next three lines
  pair_burst: 45,
  pair_ms: 6000,
  management_per_hour: 5000,
  rate_status: 400,
  file_size_as_text: false,
  media_sha256: 'hex', // in the answer about a media id; webhooks have base64
  media_url_ms: 5 * 60e3,
  media_needs_user_agent: false,
  review_ms: 0, // after which a new template is approved by itself; 0: never
};

const CHOICES = {
  object: ['instagram', 'page'],
  echo: ['before', 'after', 'never', 'delayed', 'held'],
  media_fetch: ['loopback', 'trust'],
  statuses: ['after', 'before', 'delayed', 'held', 'never'],
  status_order: ['usual', 'reversed'],
  errors: ['async', 'sync'],
  renewed_token: ['same', 'new'],
  media_sha256: ['hex', 'base64'],
};

const LIMITS = { media_timeout_ms: [1, 600e3], batch_max: [1, 1000], per_entry: [1, 1000], parallel: [1, 64], duplicates: [0, 20], rate_status: [400, 429] };

export function defaultOptions() {
  return structuredClone(DEFAULTS);
}

/** Applies `changes`, or throws without changing anything. */
export function changeOptions(options, changes) {
  for (const [name, value] of Object.entries(changes)) {
    const problem = problemWith(name, value);
    if (problem) throw new Error(problem);
  }
  Object.assign(options, structuredClone(changes));
}

function problemWith(name, value) {
  if (!Object.hasOwn(DEFAULTS, name)) return `there is no option "${name}"`;
  const wanted = Array.isArray(DEFAULTS[name]) ? 'array' : typeof DEFAULTS[name];
  const given = Array.isArray(value) ? 'array' : typeof value;
  if (given !== wanted || value === null) return `option "${name}" takes a ${wanted}`;
  if (name === 'retry_ms' && !value.every((ms) => typeof ms === 'number' && ms >= 0)) return 'option "retry_ms" takes numbers that are not negative';
  if (name === 'human_agent_missing' && !isErrorCode(value)) return 'option "human_agent_missing" takes {code, subcode}, subcode may be null';
  if (CHOICES[name] && !CHOICES[name].includes(value)) return `option "${name}" is one of ${CHOICES[name].join(', ')}`;
  if (wanted === 'number' && !(value >= 0)) return `option "${name}" cannot be negative`;
  const [low, high] = LIMITS[name] ?? [0, Infinity];
  if (wanted === 'number' && (value < low || value > high)) return `option "${name}" lies between ${low} and ${high}`;
  return null;
}

function isErrorCode({ code, subcode, ...more }) {
  return Number.isInteger(code) && (subcode === null || Number.isInteger(subcode)) && Object.keys(more).length === 0;
}
